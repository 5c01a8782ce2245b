package dev.fusedit.cli;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
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
        versionProvider = Version.class,
        subcommands = {
            DoctorCommand.class,
            EvalCommand.class,
            ExportCommand.class,
            ParityCommand.class,
            PlanCommand.class,
            BenchCommand.class,
            RecipeCommand.class,
            SampleCommand.class,
            InfoCommand.class,
            ShellCommand.class,
            TrainCommand.class,
        })
final class Fusedit implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(names = "--debug", scope = ScopeType.INHERIT, description = "Show stack traces and log more.")
    private boolean debug;

    @Option(names = "--libtorch", scope = ScopeType.INHERIT, paramLabel = "DIR",
            description = "Folder of another libtorch (a PyTorch wheel's torch/lib, say). Default: $FUSEDIT_LIBTORCH, else the built-in one.")
    private @Nullable Path libtorch;

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
