package dev.fusedit.cli;

import dev.fusedit.torch.UserError;
import dev.fusedit.torch.image.TurboJpeg;
import java.io.PrintWriter;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ExecutionException;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.TypeConversionException;

/// Runs one command and turns what it throws into a sentence and an exit code.
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        var stdout = StandardOutput.install();
        var out = new PrintWriter(System.out, true);
        var err = new PrintWriter(System.err, true);
        int exitCode = run(args, out, err);
        out.flush();
        System.exit(status(exitCode, stdout.problem(), err));
    }

    /// A result that did not get through is none.
    static int status(int exitCode, @Nullable String problem, PrintWriter err) {
        if (problem == null) return exitCode;
        err.println(problem);
        return exitCode == ExitCode.OK ? ExitCode.BAD_INPUT : exitCode;
    }

    /// Everything but the exit: results go to `out`, messages to `err`.
    static int run(String[] given, PrintWriter out, PrintWriter err) {
        Locale.setDefault(Locale.ROOT); // what is printed and written has the same numbers and words on every machine
        var fusedit = new Fusedit();
        var args = RenamedOptions.current(given);
        try {
            return fusedit.commandLine(args)
                    .setOut(out)
                    .setErr(err)
                    .registerConverter(Path.class, Main::path)
                    .setExecutionStrategy(parsed -> {
                        requireOwnOptions(parsed);
                        Logs.setUp(fusedit.debug());
                        fusedit.chooseLibtorch();
                        requireTurboJpeg(parsed);
                        var command = new CommandLine.RunLast();
                        return fusedit.quiet() ? new Quiet(command, err).execute(parsed) : command.execute(parsed);
                    })
                    .setParameterExceptionHandler((wrong, _) -> usage(wrong, args))
                    .setExecutionExceptionHandler((thrown, _, _) -> Failure.report(thrown, fusedit.debug(), err))
                    .execute(args);
        } catch (Error thrown) { // picocli hands over exceptions only
            return Failure.report(thrown, fusedit.debug(), err);
        }
    }

    /// Of `bench --steps 2 curves` the last command alone runs: what is said to those before it has no effect, but for what all commands have.
    private static void requireOwnOptions(ParseResult parsed) {
        for (var outer = parsed; outer.hasSubcommand(); outer = outer.subcommand()) {
            var inner = outer.subcommand().commandSpec();
            var said = Stream
                    .concat(outer.matchedOptions().stream()
                            .filter(option -> option.scopeType() != ScopeType.INHERIT && !option.usageHelp() && !option.versionHelp())
                            .map(OptionSpec::longestName), outer.matchedPositionals().stream().map(PositionalParamSpec::paramLabel))
                    .toList();
            if (!said.isEmpty()) throw new ParameterException(inner.commandLine(),
                    "%s before '%s' is of '%s' and has no effect on it: leave it out, or say it behind '%2$s' if that has it"
                            .formatted(String.join(", ", said), inner.name(), outer.commandSpec().name()));
        }
    }

    private static void requireTurboJpeg(ParseResult parsed) {
        try {
            TurboJpeg.requireNamed();
        } catch (UserError e) {
            throw new ExecutionException(parsed.commandSpec().commandLine(), String.valueOf(e.getMessage()), e);
        }
    }

    /// Java's empty path is the folder that the process is in, which an empty variable of a script seldom means.
    private static Path path(String written) {
        if (written.isBlank()) throw new TypeConversionException("the path is empty");
        try {
            return Path.of(written);
        } catch (InvalidPathException e) {
            throw new TypeConversionException("'%s' is no path (%s)".formatted(written, e.getReason()));
        }
    }

    private static int usage(ParameterException wrong, String[] args) {
        var command = wrong.getCommandLine();
        var err = command.getErr();
        err.println(UsageMessage.of(wrong, List.of(args)));
        err.println("See: " + command.getCommandSpec().qualifiedName() + " --help");
        return ExitCode.BAD_INPUT;
    }
}
