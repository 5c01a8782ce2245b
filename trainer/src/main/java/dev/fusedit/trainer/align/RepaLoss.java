package dev.fusedit.trainer.align;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.trainer.recipe.Losses;
import java.util.Optional;

/// Alignment with a vision encoder (REPA: Yu et al. 2024, arXiv 2410.06940, equation 8):
///
///     L = −1/(B·N) Σ_b Σ_n cos(y_bn, head(h_bn))
///
/// h are the image tokens that block k makes of the noisy image, y the frozen teacher's features of the clean image at the same place.
/// The cosine is taken in f32. It lies in −1 to 1, so at weight 0.5 the loss stays of the flow loss's size.
///
/// What the teacher knows is soon known, and then holds the model back: the loss may end at a step of the stage (HASTE: Wang et al. 2025,
/// arXiv 2505.16792, which stops it once its gradient and the flow loss's no longer agree). The head then gets no gradient any more.
public final class RepaLoss {
    private final Losses.Repa recipe;
    private final Optional<Teacher> teacher;
    private final Projection head;

    RepaLoss(Losses.Repa recipe, Teacher teacher, Projection head) { this(recipe, Optional.of(teacher), head); }

    /// @param teacher empty where all of its features are stored
    RepaLoss(Losses.Repa recipe, Optional<Teacher> teacher, Projection head) {
        this.recipe = recipe;
        this.teacher = teacher;
        this.head = head;
    }

    /// The block whose output is compared, counted from 1.
    public int layer() { return recipe.layer(); }

    public double weight() { return recipe.weight(); }

    /// Whether the loss acts in a step of the stage, counted from 0.
    public boolean acts(long step) { return recipe.untilStep() == null || step < recipe.untilStep(); }

    /// @param features_BNC image tokens, row by row of a grid
    /// @return one number, f32
    public Tensor of(Tensor features_BNC, int rows, int columns, CleanImages clean) {
        checkArgument(features_BNC.size(1) == (long) rows * columns, "%s tokens are no grid of %s × %s", features_BNC.size(1), rows,
                columns);
        return TensorScope.scoped(() -> {
            var wanted_BNF = UnitVectors.of(switch (clean) {
                case CleanImages.Pixels(var images_BCHW) -> teacher.orElseThrow().features(images_BCHW, rows, columns, recipe.match());
                case CleanImages.Seen(var seen_BNF) -> seen_BNF;
            });
            var given_BNF = UnitVectors.of(head.apply(features_BNC));
            return given_BNF.mul(wanted_BNF).sum(false, -1).mean().neg();
        });
    }
}
