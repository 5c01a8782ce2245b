package dev.fusedit.trainer.pace;

import java.lang.management.ManagementFactory;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;

/// Java's compiler, which for the first seconds of a process is at work beside what is tried, and takes cores from it.
///
/// @param millis milliseconds that it has worked so far, its threads together
record JavaCompiler(LongSupplier millis) {
    /// By this process's own account; at rest where it gives none.
    static JavaCompiler here() {
        var compilation = ManagementFactory.getCompilationMXBean();
        return new JavaCompiler(compilation != null && compilation.isCompilationTimeMonitoringSupported()
                ? compilation::getTotalCompilationTime
                : () -> 0);
    }

    /// What something will take once nothing is compiled beside it.
    ///
    /// @param cores that it takes, all that there are
    /// @param tried returns the seconds that it takes now
    double without(int cores, DoubleSupplier tried) {
        long began = System.nanoTime(), before = millis.getAsLong();
        double seconds = tried.getAsDouble();
        return without(cores, seconds, (millis.getAsLong() - before) / 1e3 / ((System.nanoTime() - began) / 1e9));
    }

    /// Threads share cores alike: as many as there are cores, and those of the compiler.
    ///
    /// @param threads of the compiler at work, on average
    static double without(int cores, double seconds, double threads) { return seconds * cores / (cores + threads); }
}
