package dev.fusedit.cli;

import dev.fusedit.trainer.recipe.binding.Names;
import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(name = "completion", description = {"Prints what makes a shell complete commands, options and words.",
    "It is for the command `fusedit`, and in bash for a path that ends so, `./fusedit`."})
final class CompletionCommand implements Callable<Integer> {
    enum Shell {
        BASH, ZSH, FISH;

        @Override
        public String toString() { return Names.constant(this); }
    }

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
            case BASH, ZSH -> AutoComplete.bash(all.getCommandName(), all); // which zsh's bashcompinit takes too
            case FISH -> FishCompletion.of(all.getCommandSpec());
        };
    }
}
