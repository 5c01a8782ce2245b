package dev.fusedit.cli;

import java.io.PrintWriter;
import java.util.Locale;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/// Runs one command and turns what it throws into a sentence and an exit code.
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        System.exit(run(args, new PrintWriter(System.out, true), new PrintWriter(System.err, true)));
    }

    /// Everything but the exit: results go to `out`, messages to `err`.
    static int run(String[] args, PrintWriter out, PrintWriter err) {
        Locale.setDefault(Locale.Category.FORMAT, Locale.ROOT); // what is printed has the same numbers on every machine
        var fusedit = new Fusedit();
        try {
            return fusedit.commandLine(args)
                    .setOut(out)
                    .setErr(err)
                    .setCaseInsensitiveEnumValuesAllowed(true)
                    .setExecutionStrategy(parsed -> {
                        Logs.setUp(fusedit.debug());
                        fusedit.chooseLibtorch();
                        return new CommandLine.RunLast().execute(parsed);
                    })
                    .setParameterExceptionHandler((wrong, _) -> usage(wrong))
                    .setExecutionExceptionHandler((thrown, _, _) -> Failure.report(thrown, fusedit.debug(), err))
                    .execute(args);
        } catch (Error thrown) { // picocli hands over exceptions only
            return Failure.report(thrown, fusedit.debug(), err);
        }
    }

    private static int usage(ParameterException wrong) {
        var command = wrong.getCommandLine();
        var err = command.getErr();
        err.println(wrong.getMessage());
        UnmatchedArgumentException.printSuggestions(wrong, err);
        err.println("See: " + command.getCommandSpec().qualifiedName() + " --help");
        return ExitCode.BAD_INPUT;
    }
}
