package dev.fusedit.trainer.plan;

import dev.fusedit.fusion.dit.DiTConfig;
import dev.fusedit.fusion.dit.Fusion;
import dev.fusedit.fusion.dit.TimeConditioning;
import dev.fusedit.fusion.llm.LanguageModelConfig;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.PathChoice;
import dev.fusedit.trainer.recipe.Run;

/// What a layer's forward keeps for its backward, in bytes.
///
/// The image side's blocks on a CPU have a custom backward pass ([dev.fusedit.nn.ops.RecordedOps]). It keeps, for each token:
///
/// | part | kept |
/// |---|---|
/// | attention | the block's input; normed; queries, keys and values before norm and rotation; the product with the output matrix; the sum with the input |
/// | cross-attention | queries before their norm; the product with the output matrix; the sum |
/// | a gated MLP | normed; gate and up; the product with the last matrix; that is all: their product is made again |
/// | what attention itself keeps | queries, its result, the result with heads merged; keys and values of all that it reads; in bf16 the softmax (heads · keys), up to 32 MiB of scores a layer, above that none ([dev.fusedit.torch.fused.MatmulAttention]) |
/// | a sandwich norm | its result; two a block |
///
/// Elsewhere, and in the language model's layers, autograd keeps the operands that the derivative of each op reads:
///
/// | part | kept, for each token |
/// |---|---|
/// | a norm and the product with its gain | its input, wide (f32 inside); the normed input; the result, which a matrix reads |
/// | a gated MLP | gate, activation of it, up, their product: 4 inner widths |
/// | attention in f32 (fused kernel) | queries, keys and values, the result, the sums' logarithms |
/// | attention in bf16 (two products on a CPU that multiplies bf16) | the same, and the softmax: heads · keys |
/// | adaln's gate | what it multiplies |
///
/// @param compute bytes of a number that matrices are multiplied in. Where a CPU multiplies f16 or bf16 slower than f32 that is f32's: they
///        are cast before ([PathChoice])
/// @param wide bytes of a number inside norms
/// @param fusedAttention whether attention keeps no softmax
/// @param customBackward whether the image side's backward pass is the custom one
record Activations(int compute, int wide, boolean fusedAttention, boolean customBackward) {
    /// MatmulAttention's bound on the scores of a layer.
    private static final long MOST_SCORES = 32 << 20;

    static Activations of(Run run) { return of(run.precision(), run.device() == Run.Device.CPU); }

    static Activations of(Run.Precision precision, boolean cpu) {
        var widths = Widths.of(precision);
        var dtype = Calibration.dtype(precision);
        var computed = PathChoice.LINEAR.dtype(dtype, cpu ? Device.CPU : Device.cuda(0));
        return new Activations(computed == dtype ? widths.compute() : computed.bytes(), widths.wide(), !cpu || computed != DType.BF16,
                cpu && (dtype == DType.F32 || dtype == DType.BF16));
    }

    /// A norm whose result is read by something that keeps it.
    private long norm(long width) { return (wide + 2L * compute) * width; }

    /// A norm whose result is only added, or multiplied by what is constant.
    private long innerNorm(long width) { return (wide + (long) compute) * width; }

    // ---- the image side

    /// A block of the image side, for one image.
    ///
    /// @param images that go through it together: those of a lane
    /// @param tokens of the image
    /// @param textTokens that it reads
    long block(DiTConfig dit, Fusion fusion, long images, long tokens, long textTokens) {
        return customBackward ? customBlock(dit, fusion, images, tokens, textTokens) : graphBlock(dit, fusion, tokens, textTokens);
    }

    private long customBlock(DiTConfig dit, Fusion fusion, long images, long tokens, long textTokens) {
        long e = compute, heads = (long) dit.heads() * dit.headDim(), keys = (long) dit.kvHeads() * dit.headDim();
        long widths = 6 + (dit.sandwichNorm() ? 2 : 0); // input, normed, out, sum; normed, down
        long own = e * tokens * (widths * dit.width() + heads + 2 * keys + 2L * dit.intermediate());
        return own + switch (fusion) {
            case Fusion.JointSelfAttention() -> customAttention(dit, images, tokens, tokens + textTokens, true);
            case Fusion.GatedJointAttention() -> customAttention(dit, images, tokens, tokens, true)
                    + customAttention(dit, images, tokens, textTokens, true) + 2 * e * tokens * heads;
            case Fusion.CrossAttention() ->
                    customAttention(dit, images, tokens, tokens, true)
                            + customAttention(dit, images, tokens, textTokens, !fusedAttention && dit.kvHeads() > 1)
                            + e * tokens * (2L * dit.width() + heads);
        };
    }

    /// @param copied whether keys and values are other tensors than those that were given: joined, or laid out anew
    private long customAttention(DiTConfig dit, long images, long queries, long keys, boolean copied) {
        long e = compute;
        long copies = dit.kvHeads() == 1 ? 2 : 3; // queries, the result; once more with heads merged, where groups of heads lie apart
        return copies * e * queries * dit.heads() * dit.headDim() + (copied ? 2 * e * keys * dit.kvHeads() * dit.headDim() : 0)
                + (fusedAttention ? 4L * dit.heads() * queries : scores(dit, images, queries, keys));
    }

    /// The softmax of one image, if it is kept.
    private long scores(DiTConfig dit, long images, long queries, long keys) {
        long each = (long) compute * dit.heads() * queries * keys;
        return images * each <= MOST_SCORES ? each : 0;
    }

    private long graphBlock(DiTConfig dit, Fusion fusion, long tokens, long textTokens) {
        long e = compute;
        boolean gated = dit.time() instanceof TimeConditioning.AdaLnZero || dit.time() instanceof TimeConditioning.AdaLnSingle;
        long width = 2 * norm(dit.width()) + (gated ? 2 * e * dit.width() : 0) + (dit.sandwichNorm() ? 2 * innerNorm(dit.width()) : 0);
        long heads = (long) dit.heads() * dit.headDim();
        long keys = (long) dit.kvHeads() * dit.headDim();
        long norms = dit.qkNorm() ? innerNorm(heads) + innerNorm(keys) : 0;
        long own = tokens * (width + 4 * e * dit.intermediate() + norms);
        return own + switch (fusion) {
            case Fusion.JointSelfAttention() -> attention(dit.heads(), dit.kvHeads(), dit.headDim(), tokens, tokens + textTokens);
            case Fusion.GatedJointAttention() -> attention(dit.heads(), dit.kvHeads(), dit.headDim(), tokens, tokens)
                    + attention(dit.heads(), dit.kvHeads(), dit.headDim(), tokens, textTokens) + 2 * e * tokens * heads;
            case Fusion.CrossAttention() -> attention(dit.heads(), dit.kvHeads(), dit.headDim(), tokens, tokens)
                    + attention(dit.heads(), dit.kvHeads(), dit.headDim(), tokens, textTokens) + tokens * (e * dit.width() + norms);
        };
    }

    private long attention(int heads, int kvHeads, int headDim, long queries, long keys) {
        long e = compute;
        long copies = heads == kvHeads || kvHeads == 1 ? 2 : 3; // queries, the result; once more where groups of heads lie apart
        long softmax = fusedAttention ? 4 * heads * queries : e * heads * queries * keys;
        return copies * e * queries * heads * headDim + 2 * e * keys * kvHeads * headDim + softmax;
    }

    // ---- the text side

    /// A layer of the language model that learns, or that something before learns from, for one text.
    long layer(LanguageModelConfig text, long tokens) {
        long e = compute;
        var family = text.family();
        long width = 2 * norm(text.hidden()) + (family.hasSandwichNorms() ? 2 * innerNorm(text.hidden()) : 0);
        long heads = (long) text.heads() * text.headDim();
        long keys = (long) text.kvHeads() * text.headDim();
        long norms = family.hasQueryKeyNorms() ? innerNorm(heads) + innerNorm(keys) : 0;
        long seen = fusedAttention ? 2 * e * heads + 4L * text.heads() : 2 * e * keys + e * text.heads() * tokens; // repeated for each head
        return tokens * (width + 4 * e * text.intermediate() + norms + 2 * e * heads + seen);
    }

    /// Scores of all words and their softmax's logarithm, for one text.
    long logits(LanguageModelConfig text, long tokens) { return tokens * text.vocabulary() * wide; }

    /// What the logits' forward and backward need besides.
    long logitsWork(LanguageModelConfig text, long tokens) {
        return tokens * text.vocabulary() * (wide + (long) compute);
    }

    // ---- what is there for a while

    /// While a block's backward runs, for one image: gradients of the MLP's inside and of the norms'. By hand gate and up become their own
    /// gradients; there are that of their product, and four of the width: what arrived, what goes on, and two on the way.
    long blockWork(DiTConfig dit, long tokens) {
        return customBackward ? tokens * compute * (dit.intermediate() + 4L * dit.width())
                : tokens * (3L * compute * dit.intermediate() + 4L * wide * dit.width());
    }

    /// While a block's forward runs and nothing is kept, for one image: gate, up and their product, and four of the width.
    long blockForward(DiTConfig dit, long tokens) { return tokens * compute * (3L * dit.intermediate() + 4L * dit.width()); }

    long layerWork(LanguageModelConfig text, long tokens) {
        return tokens * (3L * compute * text.intermediate() + 4L * wide * text.hidden());
    }

    /// Keys and values that a layer's text hands to the image, for one text.
    long textKeys(LanguageModelConfig text, long tokens) { return 2L * compute * tokens * text.kvHeads() * text.headDim(); }
}
