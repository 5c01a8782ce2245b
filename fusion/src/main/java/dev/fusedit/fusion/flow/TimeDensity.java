package dev.fusedit.fusion.flow;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.RandomStream;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;

/// Which noise levels training draws more often: u in [0, 1), where 0 is the noisiest.
public sealed interface TimeDensity {
    record Uniform() implements TimeDensity {}

    /// sigmoid of a normal draw
    record LogitNormal(double mean, double deviation) implements TimeDensity {
        public LogitNormal {
            checkArgument(deviation > 0, "the deviation of logit_normal must be positive, got %s", deviation);
        }
    }

    /// Heavy tails (Esser et al. 2024, section 3.1).
    record Mode(double scale) implements TimeDensity {}

    /// n draws in f32, in the order of PyTorch's generator.
    default Tensor draw(RandomStream random, int n) {
        return TensorScope.scoped(() -> switch (this) {
            case Uniform() -> random.rand(DType.F32, n);
            case LogitNormal(var mean, var deviation) -> random.randn(DType.F32, n).mul(deviation).add(mean).sigmoid();
            case Mode(var scale) -> {
                var u = random.rand(DType.F32, n);
                var bend = u.mul(Math.PI).div(2.0).cos().square().sub(1).add(u).mul(scale);
                yield u.neg().add(1).sub(bend);
            }
        });
    }
}
