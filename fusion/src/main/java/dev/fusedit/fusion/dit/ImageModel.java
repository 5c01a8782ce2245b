package dev.fusedit.fusion.dit;

import dev.fusedit.fusion.llm.LanguageModel;
import dev.fusedit.fusion.llm.Prompt;
import dev.fusedit.nn.ForwardHooks;
import dev.fusedit.nn.Weights;
import dev.fusedit.nn.ops.CountingOps;
import dev.fusedit.nn.ops.Ops;
import dev.fusedit.nn.ops.RecordedOps;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import org.jspecify.annotations.Nullable;

/// A model of noisy images with text: the text once a caption, the image once a noise level.
public sealed interface ImageModel permits FuseDiT, TextDiT, DualStreamDiT {
    /// What the image reads of the prompts. A graph is built only where a parameter of the text's side requires a gradient.
    default TextKvCache text(Prompt prompt) { return text(prompt, false, ForwardHooks.NONE); }

    /// @param withOutput whether the language model's own last hidden states are wanted too
    default TextKvCache text(Prompt prompt, boolean withOutput, ForwardHooks hooks) {
        return text(prompt, withOutput, hooks, Ops.AUTOGRAD);
    }

    /// @param ops how the layers are computed
    TextKvCache text(Prompt prompt, boolean withOutput, ForwardHooks hooks, Ops ops);

    /// What the language model alone makes of prompts for the image side: as long as it does not change, neither does this, and
    /// [#text(Prompt, Tensor, Ops)] takes it in its place. Of a fused model keys and values of each layer that is read, one after the other;
    /// else the hidden state that is read.
    ///
    /// @param prompt as [LanguageModel#bucketed] has it
    /// @return (planes, B, K, T, W)
    Tensor planes(Prompt prompt);

    /// What the image reads of prompts whose planes are known. No gradient reaches the language model.
    ///
    /// @param prompt of T columns
    TextKvCache text(Prompt prompt, Tensor planes_PBKTW, Ops ops);

    /// Where each sample's image positions begin.
    int[] imageStarts(Prompt prompt);

    /// The prediction for noisy latents, and features if they are asked for.
    ///
    /// @param ops how the layers are computed
    ImageOutput image(ImageInput input, ForwardHooks hooks, Ops ops);

    /// The prediction for noisy latents.
    ///
    /// @param latents (B, channels, height, width)
    /// @param timesteps_B noise levels, 0 to 1000
    /// @param pooled_BX a pooled text, if the model takes one
    /// @return of the latents' shape and dtype
    default Tensor image(Tensor latents, Tensor timesteps_B, TextKvCache text, @Nullable Tensor pooled_BX, ForwardHooks hooks) {
        return image(new ImageInput(latents, timesteps_B, text, pooled_BX, ForwardOptions.NONE), hooks, Ops.AUTOGRAD).prediction();
    }

    default Tensor image(Tensor latents, Tensor timesteps_B, TextKvCache text, @Nullable Tensor pooled_BX) {
        return image(latents, timesteps_B, text, pooled_BX, ForwardHooks.NONE);
    }

    default Tensor image(Tensor latents, Tensor timesteps_B, TextKvCache text) {
        return image(latents, timesteps_B, text, null, ForwardHooks.NONE);
    }

    /// Text and image in one go.
    default Tensor forward(Tensor latents, Tensor timesteps_B, Prompt prompt) {
        return TensorScope.scoped(() -> image(latents, timesteps_B, text(prompt)));
    }

    /// What [#image] takes of a batch, for a plan: of a model over [Weights#shapes].
    ///
    /// @param textLearns whether a gradient flows into what the image reads of the text
    default void countImage(CountingOps ops, ImageShape shape, boolean textLearns) {
        try (var _ = TensorScope.open()) {
            backbone().count(ops, shape, readShapes(ops, shape, textLearns));
        }
    }

    /// What [#text] gives the image side, without values, for counting.
    TextKvCache.Read readShapes(CountingOps ops, ImageShape shape, boolean learns);

    /// What [#text] takes of so many texts of equal length, without padding.
    ///
    /// @param withOutput whether the language model's own last hidden states are wanted too
    void countText(CountingOps ops, long texts, long tokens, boolean withOutput);

    /// One forward and backward in training.
    ///
    /// @param checkpointing whether each layer's inside is computed a second time for its gradient, instead of being kept
    default TrainingPass pass(boolean checkpointing) { return new TrainingPass(this, RecordedOps.of(checkpointing)); }

    /// The same weights with another gradient mask. Forward nothing changes.
    ImageModel masked(GradientMask mask);

    default GradientMask mask() { return backbone().mask(); }

    ImageModelConfig config();

    /// The same model over other weights of the same names ([Weights#replica]).
    default ImageModel over(Weights weights) { return config().build(weights).masked(mask()); }

    /// The image side's layers.
    Backbone<?> backbone();

    /// The image side's two ends.
    default DiT dit() { return backbone().dit(); }

    /// The language model, in fused models as far as it is fused.
    LanguageModel llm();
}
