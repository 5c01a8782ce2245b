package dev.fusedit.trainer.bench;

import com.google.common.math.Quantiles;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.Lanes;
import dev.fusedit.torch.Libtorch;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.util.ArrayList;
import java.util.function.Supplier;

/// How fast this machine takes one matmul of a workload, tried before the workload is measured: the first one of an MLP, (rows,
/// width) times (width, intermediate), its rows shared by the lanes as the workload shares its batch.
///
/// @param rate floating-point operations a second in the workload's dtype
/// @param f32 the same in f32
public record TrialMatmul(double rate, double f32) {
    private static final double MOST_FLOPS = 1e9;
    private static final double MOST_GPU_FLOPS = 1e12;
    private static final int TIMES = 5;
    /// No further product after so much of them: with more threads than cores one can take seconds.
    private static final double ENOUGH_SECONDS = 1;

    /// Takes well below a second where nothing is wrong. Sets the threads.
    public static TrialMatmul of(Workload workload, BenchOptions options) {
        Libtorch.setThreads(options.threads());
        double rate = rate(workload, options, options.dtype());
        return new TrialMatmul(rate, options.dtype() == DType.F32 ? rate : rate(workload, options, DType.F32));
    }

    private static double rate(Workload workload, BenchOptions options, DType dtype) {
        var image = workload.shape().model().image();
        int rows = rows(workload, options.device());
        try (var lanes = Lanes.of(options.lanes(workload)); var _ = TensorScope.open(); var _ = Autograd.noGrad()) {
            var left = Tensor.full(0.5, dtype, rows, image.width()).to(options.device());
            var right = Tensor.full(0.25, dtype, image.intermediate(), image.width()).to(options.device());
            var parts = lanes.cut(rows).stream().<Supplier<Integer>>map(part -> () -> {
                left.narrow(0, part.first(), part.count()).linear(right, null);
                return part.count();
            }).toList();
            return 2.0 * rows * image.width() * image.intermediate() / seconds(Stopwatch.on(options.device()), () -> lanes.run(parts));
        }
    }

    /// Of the whole batch, of both branches of guidance, or as many as can be tried quickly.
    private static int rows(Workload workload, Device device) {
        var shape = workload.shape();
        long whole = (long) workload.rows() * shape.tokens();
        double row = 2.0 * shape.model().image().width() * shape.model().image().intermediate();
        return (int) Math.clamp((long) ((device.isCpu() ? MOST_FLOPS : MOST_GPU_FLOPS) / row), 1, whole);
    }

    /// The median of some products, after one that does not count.
    private static double seconds(Stopwatch stopwatch, Runnable matmul) {
        var seconds = new ArrayList<Double>();
        double sum = 0;
        for (int i = 0; i < 2 || i <= TIMES && sum < ENOUGH_SECONDS; i++) {
            try (var _ = TensorScope.open()) {
                double took = stopwatch.seconds(matmul);
                sum += took;
                if (i > 0) {
                    seconds.add(took);
                }
            }
        }
        return Quantiles.median().compute(seconds);
    }
}
