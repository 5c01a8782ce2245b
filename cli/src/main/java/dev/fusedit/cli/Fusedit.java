package dev.fusedit.cli;

import static picocli.CommandLine.Model.UsageMessageSpec.SECTION_KEY_COMMAND_LIST;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help;
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
    /// What help shows first.
    private static final List<Class<?>> EVERYDAY = List.of(
            TrainCommand.class,
            SampleCommand.class,
            ServeCommand.class,
            EvalCommand.class,
            CompareCommand.class,
            PlanCommand.class,
            InfoCommand.class,
            DoctorCommand.class);
    private static final List<Class<?>> OTHERS = List.of(
            RecipeCommand.class,
            DataCommand.class,
            StudyCommand.class,
            LaunchCommand.class,
            ImportCommand.class,
            ExportCommand.class,
            BenchCommand.class,
            ParityCommand.class,
            ShellCommand.class,
            CompletionCommand.class,
            HelpCommand.class);
    /// Not in the annotation: picocli would build the options of all at each start, for a tenth of a second.
    static final List<Class<?>> COMMANDS = Stream.concat(EVERYDAY.stream(), OTHERS.stream()).toList();

    @Spec
    private CommandSpec spec;

    @Option(names = "--debug", scope = ScopeType.INHERIT, description = "Show stack traces and log more.")
    private boolean debug;

    @Option(names = "--quiet", scope = ScopeType.INHERIT,
            description = "No progress and no notes: on stderr stand errors alone, and if there is one what was said before it.")
    private boolean quiet;

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
        Examples.addTo(line.getCommandSpec());
        if (named.isEmpty()) {
            line.getHelpSectionMap().put(SECTION_KEY_COMMAND_LIST, Fusedit::list);
            line.getCommandSpec().usageMessage().commandListHeading("%nEveryday commands:%n")
                    .footer("", "COMMAND --help explains one; all are in docs/commands.md.");
        }
        return EnumWords.register(line);
    }

    private static String list(Help help) {
        var examples = EVERYDAY.stream().map(Fusedit::name).map(Examples::of).flatMap(Optional::stream).collect(Collectors.joining("\n  "));
        return "%s%nFor example:%n  %s%n%nOther commands:%n%s".formatted(list(help, EVERYDAY), examples, list(help, OTHERS));
    }

    private static String list(Help help, List<Class<?>> commands) {
        var shown = new LinkedHashMap<String, Help>();
        commands.forEach(command -> shown.put(name(command), help.allSubcommands().get(name(command))));
        return help.commandList(shown);
    }

    /// `train` of `TrainCommand`.
    static String name(Class<?> command) { return command.getSimpleName().replace("Command", "").toLowerCase(Locale.ROOT); }

    boolean debug() { return debug; }

    boolean quiet() { return quiet; }

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
