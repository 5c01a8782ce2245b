package dev.fusedit.trainer.bench;

import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.util.Arrays;

/// What this machine's matmuls reach at best: the yardstick of every workload.
public final class MatmulPeak {
    private static final int SIDE = 2048;
    /// A GPU is done with 2048 in 20 microseconds, hardly more than it takes to ask for it.
    private static final int GPU_SIDE = 8192;
    private static final int TIMES = 9;

    private MatmulPeak() {}

    /// Floating-point operations a second of square matrices of 2048, on a GPU of 8192: the median of nine products, after one that does not count.
    public static double of(DType dtype, Device device) {
        int side = device.isCpu() ? SIDE : GPU_SIDE;
        var stopwatch = Stopwatch.on(device);
        try (var _ = TensorScope.open(); var _ = Autograd.noGrad()) {
            var left = Tensor.full(0.5, dtype, side, side).to(device);
            var right = Tensor.full(0.25, dtype, side, side).to(device);
            var seconds = new double[TIMES];
            for (int i = -1; i < TIMES; i++) {
                try (var _ = TensorScope.open()) {
                    double took = stopwatch.seconds(() -> left.linear(right, null));
                    if (i >= 0) seconds[i] = took;
                }
            }
            Arrays.sort(seconds);
            return 2.0 * side * side * side / seconds[TIMES / 2];
        }
    }
}
