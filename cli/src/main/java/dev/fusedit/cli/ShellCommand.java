package dev.fusedit.cli;

import dev.fusedit.trainer.log.Terminal;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.logging.Level;
import java.util.logging.Logger;
import jdk.jshell.tool.JavaShellToolBuilder;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(name = "shell",
        description = "Java's own shell with fusedit on the class path; with FILE, or snippets from a pipe, runs them and exits 1 if there is "
                + "an error.")
final class ShellCommand implements Callable<Integer> {
    private static final Logger PREFERENCES = Logger.getLogger("java.util.prefs");

    @Parameters(arity = "0..1", paramLabel = "FILE", description = "A file of snippets (.jsh).")
    private @Nullable Path file;

    @Override
    public Integer call() throws Exception {
        if (ModuleLayer.boot().findModule("jdk.jshell").isEmpty()) {
            System.err.println("shell: the Java runtime that fusedit came with has no JShell. The whole archive's has it, and so has every JDK 25.");
            return ExitCode.ENVIRONMENT;
        }
        if (file == null && Terminal.isStdin()) {
            return interactive();
        }
        try (var notebook = new Notebook(System.err)) {
            return (file == null ? notebook.run(System.in, "stdin") : notebook.run(file)) ? ExitCode.OK : ExitCode.CHECK_FAILED;
        }
    }

    /// The JDK's tool, its snippets in a JVM of their own: Ctrl-C stops a snippet, a crash leaves the shell alive.
    private static int interactive() throws Exception {
        PREFERENCES.setLevel(Level.WARNING); // it announces the folder that it makes for the history
        return JavaShellToolBuilder.builder().start(
                "--class-path", System.getProperty("java.class.path"),
                "-R--enable-native-access=ALL-UNNAMED", "-R--add-exports=java.base/jdk.internal.module=ALL-UNNAMED", "-R-Xlog:disable",
                "-R-Xlog:all=error:stderr",
                "-R-Dfusedit.libtorch=" + System.getProperty("fusedit.libtorch", ""));
    }
}
