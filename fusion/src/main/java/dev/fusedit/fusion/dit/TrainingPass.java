package dev.fusedit.fusion.dit;

import dev.fusedit.fusion.llm.Prompt;
import dev.fusedit.nn.ForwardHooks;
import dev.fusedit.nn.ops.RecordedOps;
import dev.fusedit.nn.ops.WholeGradients;
import dev.fusedit.torch.BlasThreads;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Tensor;
import org.jspecify.annotations.Nullable;

/// One forward and backward of a model in training. Plain, its graph is kept; with activation checkpointing each layer's inside is computed
/// a second time when its gradient is due, and gradients are the same in every bit.
///
///     try (var pass = model.pass(checkpointing)) {
///         var text = pass.text(prompt, false);
///         var image = pass.image(noisy, times, text, null, ForwardOptions.NONE);
///         pass.backward(loss(image.prediction()));
///     }
///
/// Bits agree where no gradients were there before: a weight that is used in several places (tied embeddings) adds up its parts in another
/// order onto older sums. Text that was computed without the pass must stay open until [#backward].
///
/// Passes in [dev.fusedit.torch.Lanes] are over [dev.fusedit.nn.Weights#replica]s, so that each has leaves of its own.
public final class TrainingPass implements AutoCloseable {
    private final ImageModel model;
    private final RecordedOps ops;

    TrainingPass(ImageModel model, RecordedOps ops) {
        this.model = model;
        this.ops = ops;
    }

    /// What the image reads of the prompts. It belongs to the pass where that checkpoints.
    ///
    /// @param withOutput whether the language model's own last hidden states are wanted too
    public TextKvCache text(Prompt prompt, boolean withOutput) {
        return ops.hold(model.text(prompt, withOutput, ForwardHooks.NONE, ops));
    }

    /// The same of prompts whose planes are known ([ImageModel#planes]): the language model computes nothing.
    public TextKvCache text(Prompt prompt, Tensor planes) { return ops.hold(model.text(prompt, planes, ops)); }

    /// The language model alone: normed hidden states (B, T, M). No gradient mask acts here.
    public Tensor language(Prompt prompt) { return model.llm().forward(prompt, ForwardHooks.NONE, ops); }

    /// The prediction for noisy latents, and what else is asked for.
    ///
    /// @param latents (B, channels, height, width)
    /// @param timesteps_B noise levels, 0 to 1000
    /// @param read of this pass, or rows of one made anew for each call, or one without a graph
    /// @param pooled_BX a pooled text, if the model takes one
    public ImageOutput image(Tensor latents, Tensor timesteps_B, TextKvCache read, @Nullable Tensor pooled_BX, ForwardOptions options) {
        return model.image(new ImageInput(latents, timesteps_B, read, pooled_BX, options), ForwardHooks.NONE, ops);
    }

    /// The gradients of a loss built on the text's output, predictions and features, for all leaves. Once a pass: sum losses up before.
    public void backward(Tensor loss) { backward(loss, WholeGradients.UNTOLD); }

    /// As [#backward(Tensor)].
    ///
    /// @param complete as [RecordedOps#backward]
    public void backward(Tensor loss, WholeGradients complete) {
        if (model.dit().patches().weight_OIPP().dtype() != DType.BF16) {
            ops.backward(loss, complete);
            return;
        }
        try (var _ = BlasThreads.one()) { // the noise level's embedding alone needs the BLAS
            ops.backward(loss, complete);
        }
    }

    /// How the pass is recorded.
    RecordedOps ops() { return ops; }

    /// Frees what was kept for the backward pass.
    @Override
    public void close() { ops.close(); }
}
