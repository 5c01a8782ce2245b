package dev.fusedit.torch;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/// How fast this machine multiplies matrices, measured.
public final class MatmulRate {
    private static final int MOST_RUNS = 20;

    private MatmulRate() {}

    /// Floating-point operations a second of (rows, in) · (in, out), on the threads that libtorch has here: by the shortest of some runs,
    /// after one that does not count.
    ///
    /// @param seconds after which no run begins; two are done in any case
    public static double of(DType dtype, Device device, long rows, long in, long out, double seconds) {
        try (var _ = TensorScope.open(); var _ = Autograd.noGrad()) {
            var left = Tensor.full(0.5, dtype, rows, in).to(device);
            var right = Tensor.full(0.25, dtype, out, in).to(device);
            double best = Collections.min(seconds(() -> multiply(left, right), seconds));
            return 2.0 * rows * in * out / best;
        }
    }

    /// Seconds of each of some runs of anything, after one that does not count. What a run makes is freed after it.
    ///
    /// @param budget seconds after which no run begins; two are done in any case
    public static List<Double> seconds(Runnable op, double budget) {
        var seconds = new ArrayList<Double>();
        var end = System.nanoTime() + (long) (budget * 1e9);
        for (int i = 0; i < 2 || i < MOST_RUNS && System.nanoTime() < end; i++) {
            try (var _ = TensorScope.open()) {
                long start = System.nanoTime();
                op.run();
                if (i > 0) {
                    seconds.add((System.nanoTime() - start) / 1e9);
                }
            }
        }
        return seconds;
    }

    private static void multiply(Tensor left, Tensor right) {
        var product = left.linear(right, null);
        if (!product.device().isCpu()) {
            product.narrow(0, 0, 1).narrow(1, 0, 1).item(); // waits
        }
    }
}
