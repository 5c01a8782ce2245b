package dev.fusedit.torch;

import static com.google.common.base.Preconditions.checkState;

import dev.fusedit.torch.internal.abi.Frame;
import dev.fusedit.torch.internal.abi.TorchState;
import dev.fusedit.torch.internal.ops.Aten;
import org.jspecify.annotations.Nullable;

/// Consecutive draws from one seed, on the CPU. libtorch has one generator there, so a stream ends when another one draws.
public final class RandomStream {
    private static @Nullable RandomStream drawing;

    private final Seed seed;
    private boolean begun;

    RandomStream(Seed seed) { this.seed = seed; }

    /// Standard normal values.
    public Tensor randn(DType dtype, long... shape) {
        var result = Tensor.empty(dtype, shape);
        draw(() -> Frame.begin(Aten.NORMAL_).tensor(result).f64(0).f64(1).none().callInPlace());
        return result;
    }

    /// Uniform values in [0, 1).
    public Tensor rand(DType dtype, long... shape) {
        var result = Tensor.empty(dtype, shape);
        draw(() -> Frame.begin(Aten.UNIFORM_).tensor(result).f64(0).f64(1).none().callInPlace());
        return result;
    }

    /// Whole numbers from `low` (included) to `high` (not), i64.
    public Tensor randint(long low, long high, long... shape) { return randint(DType.I64, low, high, shape); }

    public Tensor randint(DType dtype, long low, long high, long... shape) {
        var result = Tensor.empty(dtype, shape);
        draw(() -> Frame.begin(Aten.RANDOM_).tensor(result).i64(low).optional(high).none().callInPlace());
        return result;
    }

    /// 0 … n − 1 in random order, i64.
    public Tensor randperm(long n) {
        Tensor[] result = new Tensor[1];
        TorchState.load();
        draw(() -> result[0] =
                Tensor.own(Frame.begin(Aten.RANDPERM).i64(n).none().optional((long) DType.I64.code()).none().none().none().call()));
        return result[0];
    }

    private void draw(Runnable draws) {
        synchronized (RandomStream.class) {
            checkState(!begun || drawing == this, "the stream of %s was interrupted by another draw; draw all of it in one go", seed);
            if (!begun) {
                TorchState.seedCpu(seed.value());
                begun = true;
                drawing = this;
            }
            draws.run();
        }
    }
}
