package dev.fusedit.torch;

/// How fast this machine multiplies matrices, measured.
public final class MatmulRate {
    private static final int MOST_RUNS = 20;

    private MatmulRate() {}

    /// Floating-point operations a second of (rows, in) · (in, out), on the threads that libtorch has here: by the shortest of some runs, after
    /// one that does not count.
    ///
    /// @param seconds after which no run begins; two are done in any case
    public static double of(DType dtype, Device device, long rows, long in, long out, double seconds) {
        try (var _ = TensorScope.open(); var _ = Autograd.noGrad()) {
            var left = Tensor.full(0.5, dtype, rows, in).to(device);
            var right = Tensor.full(0.25, dtype, out, in).to(device);
            double best = Double.POSITIVE_INFINITY;
            var end = System.nanoTime() + (long) (seconds * 1e9);
            for (int i = 0; i < 2 || i < MOST_RUNS && System.nanoTime() < end; i++) {
                long start = System.nanoTime();
                multiply(left, right);
                best = i == 0 ? best : Math.min(best, (System.nanoTime() - start) / 1e9);
            }
            return 2.0 * rows * in * out / best;
        }
    }

    private static void multiply(Tensor left, Tensor right) {
        try (var _ = TensorScope.open()) {
            var product = left.linear(right, null);
            if (!product.device().isCpu()) {
                product.narrow(0, 0, 1).narrow(1, 0, 1).item(); // waits
            }
        }
    }
}
