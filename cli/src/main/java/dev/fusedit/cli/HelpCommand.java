package dev.fusedit.cli;

import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// picocli's own knows no command of a command.
@Command(name = "help", description = "Explains a command, as COMMAND --help does.")
final class HelpCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "COMMAND", arity = "0..*",
            description = "Its words, such as data cache. Without them all commands are listed.")
    private List<String> words = List.of();

    @Override
    public Integer call() {
        var command = new Fusedit().commandLine();
        for (var word : words) {
            var below = command.getSubcommands().get(word);
            if (below == null)
                throw new ParameterException(spec.commandLine(), UsageMessage.unknownCommand(word, command.getCommandSpec()));
            command = below;
        }
        command.usage(spec.commandLine().getOut());
        return ExitCode.OK;
    }
}
