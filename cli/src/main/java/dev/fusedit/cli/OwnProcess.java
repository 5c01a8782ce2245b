package dev.fusedit.cli;

import dev.fusedit.trainer.run.Interrupts;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Commands of fusedit in processes of their own, one after the other, with this one's JVM options. Signals are this process's to pass on.
final class OwnProcess {
    private static final String CHILD = "fusedit.child";

    private final Map<String, String> environment;
    private volatile @Nullable Process running;
    private volatile boolean stopped;

    OwnProcess() { this(Map.of()); }

    /// @param environment variables that the processes have beside this one's
    OwnProcess(Map<String, String> environment) { this.environment = environment; }

    /// Whether this process was started so.
    static boolean isChild() { return Boolean.getBoolean(CHILD); }

    /// Signals as a flag; of a process that was started so, those that the one above passes on.
    ///
    /// @param onFirst as [Interrupts#watch]
    static Interrupts watch(Runnable onFirst) { return isChild() ? Interrupts.watchAsChild(onFirst) : Interrupts.watch(onFirst); }

    /// Its lines go where this one's go, its errors at once.
    ///
    /// @return its exit code
    int run(List<String> arguments, PrintWriter out, PrintWriter err) throws IOException, InterruptedException {
        return run(arguments, out, err, List.of());
    }

    /// @param java further options of the JVM
    int run(List<String> arguments, PrintWriter out, PrintWriter err, List<String> java) throws IOException, InterruptedException {
        var options = new ArrayList<>(java);
        options.add("-D" + CHILD + "=true");
        var builder = new ProcessBuilder(command(arguments, options));
        builder.environment().putAll(environment);
        var process = builder.start();
        running = process;
        if (stopped) process.toHandle().destroy(); // asked before there was one
        var errors = Thread.ofPlatform().daemon().start(() -> passOn(process, err));
        try (var lines = process.inputReader()) {
            lines.lines().forEach(out::println);
            errors.join();
            return process.waitFor();
        } finally {
            running = null;
            process.destroy();
        }
    }

    /// The words that start such a process.
    ///
    /// @param java further options of the JVM
    static List<String> command(List<String> arguments, List<String> java) {
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(java);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
        command.addAll(arguments);
        return command;
    }

    /// The libtorch that this one was given by `--libtorch`, as words of a command line.
    static List<String> libtorch() {
        var given = System.getProperty("fusedit.libtorch");
        return given == null ? List.of() : List.of("--libtorch", given);
    }

    private static void passOn(Process process, PrintWriter err) {
        try (var lines = process.errorReader()) {
            lines.lines().forEach(err::println);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Asks the running process, and any that is started after it, to end, by SIGTERM.
    void stop() {
        stopped = true;
        var process = running;
        if (process != null) process.toHandle().destroy(); // not the process's own method, which closes its streams too
    }

    /// Ends the running process, whatever it does.
    void kill() {
        var process = running;
        if (process != null) process.destroyForcibly();
    }
}
