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
    private static final int TIMES = 9;

    private MatmulPeak() {}

    /// Floating-point operations a second of square matrices of 2048: the median of nine products, after one that does not count.
    public static double of(DType dtype, Device device) {
        try (var _ = TensorScope.open(); var _ = Autograd.noGrad()) {
            var left = Tensor.full(0.5, dtype, SIDE, SIDE).to(device);
            var right = Tensor.full(0.25, dtype, SIDE, SIDE).to(device);
            var seconds = new double[TIMES];
            for (int i = -1; i < TIMES; i++) {
                try (var _ = TensorScope.open()) {
                    long start = System.nanoTime();
                    var matmul = left.linear(right, null);
                    if (!device.isCpu()) {
                        matmul.narrow(0, 0, 1).narrow(1, 0, 1).item(); // waits
                    }
                    if (i >= 0) {
                        seconds[i] = (System.nanoTime() - start) / 1e9;
                    }
                }
            }
            Arrays.sort(seconds);
            return 2.0 * SIDE * SIDE * SIDE / seconds[TIMES / 2];
        }
    }
}
