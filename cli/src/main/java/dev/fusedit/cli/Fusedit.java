package dev.fusedit.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/// The root command: what every command knows, and the list of commands.
@Command(
        name = "fusedit",
        description = "Trains, compares and runs text-to-image models that deeply fuse a language model with a diffusion transformer.",
        mixinStandardHelpOptions = true,
        scope = ScopeType.INHERIT,
        versionProvider = Version.class)
final class Fusedit implements Callable<Integer> {
    /// Not in the annotation: picocli would build the options of all at each start, for a tenth of a second.
    static final List<Class<?>> COMMANDS = List.of(
            TrainCommand.class,
            SampleCommand.class,
            ServeCommand.class,
            EvalCommand.class,
            LaunchCommand.class,
            CompareCommand.class,
            StudyCommand.class,
            ExportCommand.class,
            RecipeCommand.class,
            DataCommand.class,
            PlanCommand.class,
            InfoCommand.class,
            BenchCommand.class,
            ParityCommand.class,
            DoctorCommand.class,
            ShellCommand.class);

    @Spec
    private CommandSpec spec;

    @Option(names = "--debug", scope = ScopeType.INHERIT, description = "Show stack traces and log more.")
    private boolean debug;

    @Option(names = "--libtorch", scope = ScopeType.INHERIT, paramLabel = "DIR",
            description = "Folder of another libtorch (a PyTorch wheel's torch/lib, say). Default: $FUSEDIT_LIBTORCH, else the built-in "
                    + "one.")
    private @Nullable Path libtorch;

    /// This command with those below it that the arguments can mean: the one named first, none for the bare version, else all.
    CommandLine commandLine(String... args) {
        var line = new CommandLine(this);
        var first = args.length == 0 ? "" : args[0];
        if (args.length == 1 && (first.equals("--version") || first.equals("-V"))) {
            return line;
        }
        var named = COMMANDS.stream().filter(command -> name(command).equals(first)).toList();
        (named.isEmpty() ? COMMANDS : named).forEach(line::addSubcommand);
        return line;
    }

    /// `train` of `TrainCommand`.
    static String name(Class<?> command) { return command.getSimpleName().replace("Command", "").toLowerCase(Locale.ROOT); }

    boolean debug() { return debug; }

    /// Where the bridge looks first. It is loaded by what needs it, and not before.
    void chooseLibtorch() {
        if (libtorch != null) {
            System.setProperty("fusedit.libtorch", libtorch.toAbsolutePath().toString());
        }
    }

    @Override
    public Integer call() {
        spec.commandLine().usage(spec.commandLine().getErr());
        return ExitCode.BAD_INPUT;
    }
}
