import dev.fusedit.torch.*;
import dev.fusedit.trainer.sampling.*;

/// y = 3x - 1, found from noisy points by gradient descent. With the folder of a trained model as argument, samples an image too.
void main(String[] arguments) {
    try (var _ = TensorScope.open()) {
        var x = Tensor.randn(Seed.of(1), DType.F32, 200);
        var y = x.mul(3).sub(1).add(Tensor.randn(Seed.of(2), DType.F32, 200).mul(0.1));
        var line = Tensor.zeros(DType.F32, 2, 1).requiresGrad(true); // slope and offset
        for (int i = 0; i < 100; i++) {
            try (var step = TensorScope.open()) { // what a step makes goes with it
                x.mul(line.select(0, 0)).add(line.select(0, 1)).sub(y).square().mean().backward();
                try (var _ = Autograd.noGrad()) {
                    line.addInPlace(line.grad().mul(-0.1));
                    line.clearGrad();
                }
            }
        }
        IO.println("y = %.1f x %+.1f".formatted(line.select(0, 0).item(), line.select(0, 1).item()));
    }
    for (var folder : arguments) {
        try (var _ = TensorScope.open(); var model = SamplingModel.open(Path.of(folder))) {
            SampleRun.of(model, model.defaults().request(List.of("a red thing"))).write(Path.of("images"));
        }
    }
}
