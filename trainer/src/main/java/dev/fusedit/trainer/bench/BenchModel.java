package dev.fusedit.trainer.bench;

import dev.fusedit.fusion.dit.FuseDiT;
import dev.fusedit.fusion.llm.Prompt;
import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.nn.Parameter;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.util.stream.IntStream;

/// A workload's model with random weights, its texts and its latents.
///
/// @param latents (B, channels, rows, columns), standard normal
record BenchModel(Weights weights, FuseDiT model, Prompt prompt, Tensor latents, TensorScope owned) implements AutoCloseable {
    /// What a trained model has where a new one has zeros (modulation, the last layer, norms): random numbers of this deviation.
    private static final double DEVIATION = 0.02;

    static BenchModel of(Workload.Shape shape, DTypePolicy policy) {
        var weights = Weights.fresh(Work.SEED, policy);
        var owned = TensorScope.holding();
        try (var _ = TensorScope.open(); var _ = Autograd.noGrad()) {
            var model = FuseDiT.of(shape.model(), weights);
            weights.all().forEach(BenchModel::fill);
            var latents = owned.hold(Tensor.randn(Work.SEED.derive("latents"), DType.F32, shape.batch(), shape.channels(), shape.rows(),
                    shape.columns()).to(policy.device()));
            return new BenchModel(weights, model, prompt(shape), latents, owned);
        }
    }

    private static void fill(Parameter parameter) {
        if (parameter.master().device().isMeta()) return; // no numbers
        try (var _ = TensorScope.open()) {
            if (parameter.master().abs().max().item() == 0) {
                var drawn = Tensor.randn(Work.SEED.derive(parameter.name()), DType.F32, parameter.master().shape()).mul(DEVIATION);
                parameter.master().copyInPlace(drawn);
                parameter.compute().copyInPlace(drawn);
            }
        }
    }

    private static Prompt prompt(Workload.Shape shape) {
        int vocabulary = shape.model().text().vocabulary();
        var ids = new int[shape.batch()][];
        for (int b = 0; b < ids.length; b++) {
            ids[b] = new int[shape.lengths().get(b)];
            for (int t = 0; t < ids[b].length; t++) {
                ids[b][t] = Math.floorMod(Work.SEED.derive("text", b, t).value(), vocabulary);
            }
        }
        return Prompt.of(ids);
    }

    /// The same model with as little to do as there can be: some of the samples, a patch and a word of each. The innermost scope owns the
    /// latents, this one all else.
    BenchModel least(int batch, int patch) {
        var words = IntStream.range(0, batch).mapToObj(_ -> new int[1]).toArray(int[][]::new);
        return new BenchModel(weights, model, Prompt.of(words), latents.narrow(0, 0, batch).narrow(2, 0, patch).narrow(3, 0, patch), owned);
    }

    @Override
    public void close() {
        weights.close();
        owned.close();
    }
}
