package dev.fusedit.trainer.align;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.fusion.vision.DinoFolder;
import dev.fusedit.fusion.vision.Normalization;
import dev.fusedit.fusion.vision.DinoModel;
import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.Torch;
import dev.fusedit.trainer.checkpoint.Checkpoints;
import dev.fusedit.trainer.recipe.Losses;
import dev.fusedit.trainer.recipe.TeacherRecipe;
import java.nio.file.Path;
import java.util.List;

/// A frozen vision encoder that the image side is aligned with: DINOv2, or what `./fusedit train blocks-teacher` made, which has the
/// same architecture and files. It computes in f32, without a graph, and owns its weights.
public final class Teacher implements AutoCloseable {
    private final DinoModel model;
    private final Weights weights;
    private final Normalization normalization;

    Teacher(DinoModel model, Weights weights, Normalization normalization) {
        this.model = model;
        this.weights = weights;
        this.normalization = normalization;
    }

    /// @param device that it computes on
    /// @throws dev.fusedit.torch.UserError naming what is wrong with its folder
    public static Teacher of(Losses.Teacher recipe, Device device) {
        var policy = DTypePolicy.F32.on(device);
        return switch (recipe) {
            case Losses.Teacher.Trained(var path) -> stored(Checkpoints.find(Path.of(path)), policy);
            case Losses.Teacher.Random(var seed) -> random(TeacherRecipe.find("blocks-teacher", List.of()), seed, policy);
            case Losses.Teacher.DinoV2(var path) -> stored(Checkpoints.meant(Path.of(path)), policy);
        };
    }

    private static Teacher stored(Path folder, DTypePolicy policy) {
        var loaded = DinoFolder.read(folder, policy);
        return new Teacher(loaded.model(), loaded.weights(), loaded.normalization());
    }

    /// As it is before its training with this seed.
    private static Teacher random(TeacherRecipe recipe, long seed, DTypePolicy policy) {
        var weights = Weights.fresh(Seed.of(seed).derive("weights"), policy);
        var config = TeacherConfigs.of(recipe);
        return new Teacher(DinoModel.of(config, recipe.teacher().initRange(), weights), weights, Normalization.PLAIN);
    }

    /// F, of its features.
    public int width() { return model.config().hidden(); }

    /// Features of places on a grid, row by row.
    ///
    /// @param images_BCHW in −1 to 1, on any device
    /// @param match how the encoder's own grid is brought to this one
    /// @return (B, rows · columns, F), f32, on the encoder's device
    public Tensor features(Tensor images_BCHW, int rows, int columns, Losses.Match match) {
        try (var scope = TensorScope.open(); var _ = Autograd.noGrad()) {
            var clean_BCHW = images_BCHW.to(weights.policy().device());
            var grid_BFHW = switch (match) {
                case RESIZE_PICTURE -> grid(resized(clean_BCHW, (long) rows * patch(), (long) columns * patch()));
                case INTERPOLATE_FEATURES -> interpolated(grid(resized(clean_BCHW, whole(clean_BCHW.size(2)), whole(clean_BCHW.size(3)))),
                        rows, columns);
            };
            return scope.keep(grid_BFHW.flatten(2, 3).transpose(1, 2).contiguous());
        }
    }

    private int patch() { return model.config().patch(); }

    /// The nearest side of whole patches.
    private long whole(long side) { return Math.max(1, Math.round((double) side / patch())) * patch(); }

    /// Bicubic, antialiased.
    private static Tensor resized(Tensor clean_BCHW, long height, long width) {
        var wide = clean_BCHW.to(DType.F32);
        if (clean_BCHW.size(2) == height && clean_BCHW.size(3) == width) {
            return wide;
        }
        return Torch.call("aten::_upsample_bicubic2d_aa", "", wide, new long[] {height, width}, false, null, null).tensor();
    }

    private static Tensor interpolated(Tensor grid_BFHW, int rows, int columns) {
        boolean same = grid_BFHW.size(2) == rows && grid_BFHW.size(3) == columns;
        return same ? grid_BFHW : grid_BFHW.upsampleBilinear2d(rows, columns, true);
    }

    /// The patches' features of images of whole patches, (B, F, H, W).
    private Tensor grid(Tensor images_BCHW) {
        long rows = images_BCHW.size(2) / patch(), columns = images_BCHW.size(3) / patch();
        checkArgument(images_BCHW.size(1) == 3, "a vision encoder sees three channels, not %s", images_BCHW);
        return TensorScope.scoped(() -> {
            var places_BNF = model.places(model.forward(normalization.apply(images_BCHW)));
            return places_BNF.transpose(1, 2).reshape(places_BNF.size(0), width(), rows, columns);
        });
    }

    @Override
    public void close() { weights.close(); }
}
