package dev.fusedit.trainer.pace;

import java.util.function.BooleanSupplier;
import java.util.function.DoubleSupplier;

/// Something is run until Java has compiled what it runs. Before that a run is interpreted in part, and shares its cores with the compiler.
///
/// @param seconds at most; none where it is 0
/// @param runs at most
/// @param stopped asked between two runs: true ends it
record WarmUp(double seconds, long runs, JavaCompiler compiler, BooleanSupplier stopped) {
    /// Seconds of runs over which it is looked at how much was compiled meanwhile.
    private static final double LOOK = 1;
    /// Of a core's time: what a process compiles now and then while it lives.
    private static final double QUIET = 0.1;

    /// @param body returns the seconds that it took
    void run(DoubleSupplier body) {
        double took = 0, share = 1;
        for (long run = 0; share > QUIET && goesOn(took, run);) {
            long before = compiler.millis().getAsLong();
            double look = 0;
            for (; look < LOOK && goesOn(took + look, run); run++) look += body.getAsDouble();
            share = (compiler.millis().getAsLong() - before) / 1e3 / look;
            took += look;
        }
    }

    private boolean goesOn(double took, long run) { return took < seconds && run < runs && !stopped.getAsBoolean(); }
}
