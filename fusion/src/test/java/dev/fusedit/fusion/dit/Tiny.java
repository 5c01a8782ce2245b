package dev.fusedit.fusion.dit;

import com.google.common.collect.ImmutableSet;
import dev.fusedit.fusion.llm.Family;
import dev.fusedit.fusion.llm.LanguageModelConfig;
import dev.fusedit.fusion.llm.RopeScaling;
import dev.fusedit.nn.Activation;
import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.nn.Parameter;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;

/// Small models with weights that are nowhere zero, so that no fault hides behind a fresh model's zeros.
record Tiny(FuseDiT model, Weights weights) implements AutoCloseable {
    static final int CHANNELS = 3;

    static FuseDiTConfig config(Fusion fusion, ImagePositions positions, TimeConditioning time, int textLayers, int blocks, int initial,
            SharedLayers shared) {
        var text = LanguageModelConfig.gemma(50, 32, 48, textLayers, 4, 2, 16);
        return new FuseDiTConfig(text, image(text, positions, time, blocks), fusion, initial, shared);
    }

    private static DiTConfig image(LanguageModelConfig text, ImagePositions positions, TimeConditioning time, int blocks) {
        return DiTConfig.beside(text, positions, time).width(24).intermediate(40).layers(blocks).channels(CHANNELS).qkNorm(true)
                .sandwichNorm(true).build();
    }

    /// A language model of some family under the usual image side.
    static FuseDiTConfig config(Family family, Fusion fusion) {
        var text = new LanguageModelConfig(family, 50, 32, 48, 3, 4, 2, 16, 10_000, new RopeScaling.Llama3(8, 1, 4, 16), 1e-6, 0.02, false,
                family.isGemma() ? Activation.GELU_TANH : Activation.SILU, family.isGemma(), 0, false);
        var image = image(text, new ImagePositions.Rope2d(), new TimeConditioning.AdaLnZero(), 3);
        return new FuseDiTConfig(text, image, fusion, 0, new SharedLayers.All());
    }

    static FuseDiTConfig with(FuseDiTConfig config, AttentionScoring attention) {
        return new FuseDiTConfig(config.text(), config.image(), config.fusion(), config.initialLayers(), config.shared(), attention);
    }

    static FuseDiTConfig with(FuseDiTConfig config, DetailHeadConfig head) {
        return new FuseDiTConfig(config.text(), config.image().toBuilder().detailHead(head).build(), config.fusion(),
                config.initialLayers(),
                config.shared(), config.attention());
    }

    static FuseDiTConfig config() {
        return config(new Fusion.JointSelfAttention(), new ImagePositions.Rope2d(), new TimeConditioning.AdaLnZero(), 3, 3, 0,
                new SharedLayers.All());
    }

    static SharedLayers shared(Integer... layers) { return new SharedLayers.Some(ImmutableSet.copyOf(layers)); }

    static Tiny of(FuseDiTConfig config) { return of(config, DTypePolicy.F32); }

    static Tiny of(FuseDiTConfig config, DTypePolicy policy) {
        var weights = Weights.fresh(Seed.of(1), policy);
        var model = FuseDiT.of(config, weights);
        fill(weights);
        return new Tiny(model, weights);
    }

    /// A baseline over the usual sides, whose blocks read the hidden state named.
    static TextDiTConfig baseline(Fusion fusion, int hiddenState) {
        var usual = config(fusion, new ImagePositions.Rope2d(), new TimeConditioning.AdaLnZero(), 3, 3, 0, new SharedLayers.All());
        var wide = usual.image().toBuilder().width(32).build();
        return new TextDiTConfig(usual.text(), wide, fusion, usual.text().hidden(), hiddenState);
    }

    /// Dual-stream blocks over the same language model.
    static DualStreamDiTConfig dualStream(ImagePositions positions, TimeConditioning time, int hiddenState, int adapterLayers) {
        var text = LanguageModelConfig.gemma(50, 32, 48, 3, 4, 2, 16);
        return new DualStreamDiTConfig(text, image(text, positions, time, 3), hiddenState, adapterLayers);
    }

    /// Weights that are nowhere zero; none of them trains.
    static void fill(Weights weights) {
        try (var _ = Autograd.noGrad(); var _ = TensorScope.open()) {
            for (Parameter p : weights.all().toList()) {
                p.master().copyInPlace(Tensor.randn(Seed.of(2).derive(p.name()), DType.F32, p.master().shape()).mul(0.2));
            }
            weights.train(_ -> true);
            weights.refreshCopies();
            weights.train(_ -> false);
        }
    }

    static Tensor latents(long batch) { return Tensor.randn(Seed.of(3), DType.F32, batch, CHANNELS, 6, 8); }

    static Tensor times(int batch) { return Tensor.full(700, DType.F32, batch); }

    @Override
    public void close() { weights.close(); }
}
