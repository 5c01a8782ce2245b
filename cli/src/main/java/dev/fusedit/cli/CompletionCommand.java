package dev.fusedit.cli;

import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(name = "completion", description = {"Prints what makes a shell complete commands, options and words.",
    "It is for the command `fusedit`, and in bash for a path that ends so, `./fusedit`."})
final class CompletionCommand implements Callable<Integer> {
    enum Shell { BASH, ZSH, FISH }

    /// Behind it picocli's script lists what an option or a parameter may be.
    private static final String WORDS = "_args=(";

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "SHELL", description = "bash, zsh or fish.")
    private Shell shell;

    @Override
    public Integer call() {
        spec.commandLine().getOut().println(script(shell).strip());
        return ExitCode.OK;
    }

    static String script(Shell shell) {
        var all = new Fusedit().commandLine();
        return switch (shell) {
            case BASH, ZSH -> lowerCased(AutoComplete.bash(all.getCommandName(), all)); // which zsh's bashcompinit takes too
            case FISH -> FishCompletion.of(all.getCommandSpec());
        };
    }

    /// Words of options as they are documented, not as Java's constants are written.
    private static String lowerCased(String script) {
        return script.lines().map(line -> {
            int words = line.indexOf(WORDS) + WORDS.length();
            return line.contains(WORDS) ? line.substring(0, words) + line.substring(words).toLowerCase(Locale.ROOT) : line;
        }).collect(Collectors.joining("\n"));
    }
}
