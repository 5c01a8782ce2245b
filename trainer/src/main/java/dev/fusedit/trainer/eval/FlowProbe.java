package dev.fusedit.trainer.eval;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.fusion.flow.FlowMatching;
import dev.fusedit.fusion.flow.LossWeighting;
import dev.fusedit.fusion.llm.Prompt;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.Tensors;
import dev.fusedit.trainer.model.ModelBundle;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/// What a model predicts for images and captions at given noise: nothing is left to chance, so that two losses differ by what was changed
/// between them. Not weighted.
public record FlowProbe(ModelBundle bundle, FlowMatching flow) {
    public FlowProbe {
        flow = new FlowMatching(flow.scheduler(), flow.density(), new LossWeighting.Uniform(), flow.prediction());
    }

    /// @param output the network's
    public record Predicted(Tensor output, FlowMatching.Noised noised) implements Tensors {
        @Override
        public Stream<Tensor> tensors() { return Stream.concat(Stream.of(output), noised.tensors()); }
    }

    /// @param clean latents
    /// @param noise a seed for each of them
    /// @param sigmas noise level of each; the nearest one of the training table is taken
    /// @param tokens of the captions
    public Predicted predict(Tensor clean, List<Seed> noise, double[] sigmas, int[][] tokens, List<String> captions) {
        checkArgument(noise.size() == clean.size(0) && sigmas.length == noise.size() && tokens.length == noise.size(),
                "one of all an image");
        return TensorScope.scoped(() -> {
            var shape = Arrays.copyOfRange(clean.shape(), 1, 4);
            var drawn = Tensor.stack(0, noise.stream().map(seed -> Tensor.randn(seed, DType.F32, shape)).toList());
            var noised = flow.noised(clean, drawn.to(clean.device()), Arrays.stream(sigmas).mapToInt(this::level).toArray());
            var text = bundle.model().text(Prompt.of(tokens));
            var pooled = bundle.clip() == null ? null : bundle.clip().of(captions);
            var compute = bundle.weights().policy().compute();
            return new Predicted(bundle.model().image(noised.noisy().to(compute), noised.timesteps_B(), text, pooled), noised);
        });
    }

    /// The loss of each image by itself.
    public double[] losses(Tensor clean, List<Seed> noise, double[] sigmas, int[][] tokens, List<String> captions) {
        try (var _ = Autograd.noGrad(); var _ = TensorScope.open()) {
            var predicted = predict(clean, noise, sigmas, tokens, captions);
            var losses = new double[sigmas.length];
            for (int i = 0; i < losses.length; i++)
                losses[i] = flow.loss(predicted.output.narrow(0, i, 1), predicted.noised.rows(i, 1)).item();
            return losses;
        }
    }

    /// The place in the training table, whose levels fall, that is nearest to a noise level.
    private int level(double sigma) {
        var sigmas = flow.scheduler().training().sigmas();
        int place = 0;
        while (place + 1 < sigmas.length && Math.abs(sigmas[place + 1] - sigma) <= Math.abs(sigmas[place] - sigma)) {
            place++;
        }
        return place;
    }
}
