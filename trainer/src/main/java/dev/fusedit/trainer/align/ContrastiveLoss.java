package dev.fusedit.trainer.align;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.nn.Init;
import dev.fusedit.nn.Linear;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.Tensors;
import dev.fusedit.trainer.recipe.Losses;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Alignment of images with captions: the mean of an image's image tokens behind block k, and the mean of the caption's last normed
/// hidden states over real tokens, each through a linear layer into a common space; their cosines c_ij are scaled and compared
/// ([Comparison]):
///
///     s_ij = min(scale, max_scale) · c_ij (+ bias for SigLIP)
///
/// The scale is learned, from 1/0.07 on with InfoNCE (arXiv 2103.00020, section 2.5), from 10 on and with a bias from −10 on with SigLIP
/// (arXiv 2303.15343, section 3.2).
///
/// **No copying.** The image reads the caption in its attention, so its tokens could be told apart by the text they read, whatever the
/// image shows. Only rows that don't see their own text ([#textMasked]) are compared.
///
/// **Targets.** The language model's features are targets under stop-gradient, unless `into_llm`; the two linear layers always learn.
///
/// **A batch in parts.** With `negatives: global` images are told from those of all micro-batches of a step, by gradient caching
/// (GradCache: Gao et al. 2021, arXiv 2101.06983): all parts are first embedded without a graph; then each part again with one, and its
/// loss over all of them has gradients for that part alone. Heads are used row by row, so the parts' gradients add up to the whole's.
public final class ContrastiveLoss {
    private static final double SIGLIP_BIAS = -10;

    private final Losses.Contrastive recipe;
    private final Heads heads;

    /// What is learned.
    ///
    /// @param logScale_1 the scale is its first value times e to this
    /// @param bias_1 what was added to SigLIP's first bias; null with InfoNCE
    record Heads(Linear image, Linear text, Tensor logScale_1, @Nullable Tensor bias_1) {
        /// @param imageWidth of the image tokens
        /// @param textWidth of the language model
        static Heads of(Losses.Contrastive recipe, int imageWidth, int textWidth, Weights weights) {
            return new Heads(Linear.of(weights.in("image"), Init.XAVIER, imageWidth, recipe.width(), true),
                    Linear.of(weights.in("text"), Init.XAVIER, textWidth, recipe.width(), true),
                    weights.get("log_scale", Init.ZEROS, 1),
                    recipe.comparison() == Losses.Comparison.SIGLIP ? weights.get("bias", Init.ZEROS, 1) : null);
        }
    }

    ContrastiveLoss(Losses.Contrastive recipe, Heads heads) {
        this.recipe = recipe;
        this.heads = heads;
    }

    /// The block whose output is compared, counted from 1.
    public int layer() { return recipe.layer(); }

    public double weight() { return recipe.weight(); }

    /// Whether parts of a batch are compared with each other, and not each alone.
    public boolean isGlobal() { return recipe.negatives() == Losses.Negatives.GLOBAL; }

    /// Which rows are not to see their own text, and are compared.
    ///
    /// @param captions of the batch, or with `negatives: micro` of the micro-batch; "" where it was dropped
    /// @param seed a function of the run's seed and the step (and the micro-batch)
    public boolean[] textMasked(List<String> captions, Seed seed) { return TextMaskedRows.of(captions, recipe.maskedShare(), seed); }

    /// The compared rows in the common space: vectors of length 1, f32.
    ///
    /// @param captions to know equal ones by
    public record Embedded(Tensor image_RW, Tensor text_RW, List<String> captions) implements Tensors {
        @Override
        public Stream<Tensor> tensors() { return Stream.of(image_RW, text_RW); }
    }

    /// @param features_BNC image tokens
    /// @param text_BTM the language model's last normed hidden states
    /// @param lengths_B real tokens of the captions
    /// @param compared_B the rows that [#textMasked] chose
    public Embedded embed(Tensor features_BNC, Tensor text_BTM, int[] lengths_B, List<String> captions_B, boolean[] compared_B) {
        checkArgument(features_BNC.size(0) == compared_B.length && text_BTM.size(0) == compared_B.length, "%s rows, not %s and %s",
                compared_B.length, features_BNC, text_BTM);
        int[] rows = IntStream.range(0, compared_B.length).filter(b -> compared_B[b]).toArray();
        return TensorScope.scoped(() -> {
            var chosen = Tensor.of(IntStream.of(rows).asLongStream().toArray()).to(features_BNC.device());
            var seen_RC = wide(features_BNC).mean(false, 1).indexSelect(0, chosen);
            var target_BTM = recipe.intoLlm() ? text_BTM : text_BTM.detach();
            var said_RM = wide(target_BTM).mul(means(lengths_B, text_BTM)).sum(false, 1).indexSelect(0, chosen);
            return new Embedded(UnitVectors.of(heads.image.apply(seen_RC)), UnitVectors.of(heads.text.apply(said_RM)),
                    IntStream.of(rows).mapToObj(captions_B::get).toList());
        });
    }

    private static Tensor wide(Tensor x) { return x.dtype() == DType.F64 ? x : x.to(DType.F32); }

    /// (B, T, 1): what each token counts in its caption's mean.
    private static Tensor means(int[] lengths_B, Tensor text_BTM) {
        int width = (int) text_BTM.size(1);
        var parts = new float[lengths_B.length * width];
        for (int b = 0; b < lengths_B.length; b++)
            for (int t = 0; t < lengths_B[b]; t++) parts[b * width + t] = 1f / lengths_B[b];
        return TensorScope.scoped(() -> Tensor.of(parts, lengths_B.length, width, 1).to(wide(text_BTM).dtype()).to(text_BTM.device()));
    }

    /// The loss of a batch in one part; null if no row is compared.
    public @Nullable Tensor of(Embedded all) { return of(List.of(all), 0); }

    /// A part's share of the loss of a whole batch: shares add up to the whole, in value and in gradients.
    ///
    /// @param parts of the batch, all but `own` embedded without a graph
    /// @return one number, f32; null if no row is compared
    public @Nullable Tensor of(List<Embedded> parts, int own) {
        var captions = parts.stream().flatMap(part -> part.captions().stream()).toList();
        if (captions.isEmpty()) {
            return null;
        }
        return TensorScope.scoped(() -> {
            var image_RW = Tensor.cat(0, parts.stream().map(Embedded::image_RW).toList());
            var text_RW = Tensor.cat(0, parts.stream().map(Embedded::text_RW).toList());
            var loss = Comparison.loss(recipe.comparison(), scores(image_RW.matmul(text_RW.transpose(0, 1)), own == 0), captions);
            return parts.size() == 1 ? loss : loss.add(loss.detach().mul(1.0 / parts.size() - 1));
        });
    }

    /// Scale and bias belong to no row: they learn with the first part.
    private Tensor scores(Tensor cosines_RR, boolean learning) {
        return TensorScope.scoped(() -> {
            keepScale();
            var scale = wide(learning ? heads.logScale_1 : heads.logScale_1.detach()).exp().mul(firstScale());
            var scaled = cosines_RR.mul(scale);
            var bias_1 = heads.bias_1;
            return bias_1 == null ? scaled : scaled.add(wide(learning ? bias_1 : bias_1.detach()).add(SIGLIP_BIAS));
        });
    }

    /// Brings a scale that a step made too large back, as CLIP does: one that were only cut off here would get no gradient any more.
    private void keepScale() {
        try (var _ = TensorScope.open(); var _ = Autograd.noGrad()) {
            heads.logScale_1.copyInPlace(heads.logScale_1.clamp(Double.NEGATIVE_INFINITY, Math.log(recipe.maxScale() / firstScale())));
        }
    }

    private double firstScale() {
        return Math.min(recipe.maxScale(), switch (recipe.comparison()) {
            case INFONCE -> 1 / 0.07;
            case SIGLIP -> 10;
        });
    }

    /// The factor of the cosines now.
    public double scale() {
        try (var _ = TensorScope.open()) {
            return Math.min(recipe.maxScale(), firstScale() * Math.exp(heads.logScale_1.item()));
        }
    }

    /// The least loss, in nats, that these captions allow without looking at images; see [Comparison#chance].
    public double chance(List<String> captions) { return Comparison.chance(recipe.comparison(), captions); }
}
