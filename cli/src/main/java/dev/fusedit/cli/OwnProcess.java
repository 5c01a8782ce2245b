package dev.fusedit.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// A command of fusedit in a process of its own, with this one's JVM options.
final class OwnProcess {
    private OwnProcess() {}

    /// Its lines go where this one's go, its errors at once.
    ///
    /// @return its exit code
    static int run(List<String> arguments, PrintWriter out) throws IOException, InterruptedException {
        return run(arguments, out, List.of());
    }

    /// @param java further options of the JVM
    static int run(List<String> arguments, PrintWriter out, List<String> java) throws IOException, InterruptedException {
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(java);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
        command.addAll(arguments);
        var process = new ProcessBuilder(command).start();
        var errors = Thread.ofPlatform().daemon().start(() -> passOn(process));
        try (var lines = process.inputReader()) {
            lines.lines().forEach(out::println);
            errors.join();
            return process.waitFor();
        } finally {
            process.destroy();
        }
    }

    /// Java's word on its modules was said when this process began.
    private static void passOn(Process process) {
        try (var lines = process.errorReader()) {
            lines.lines().filter(line -> !line.startsWith("WARNING: Using incubator modules")).forEach(System.err::println);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
