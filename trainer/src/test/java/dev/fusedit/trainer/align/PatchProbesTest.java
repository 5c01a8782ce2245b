package dev.fusedit.trainer.align;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.fusedit.fusion.vision.DinoConfig;
import dev.fusedit.fusion.vision.DinoModel;
import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.trainer.data.blocks.BlockColor;
import dev.fusedit.trainer.data.blocks.BlockShape;
import dev.fusedit.trainer.data.blocks.Scene;
import dev.fusedit.trainer.data.blocks.Scene.Block;
import dev.fusedit.trainer.data.blocks.Scene.Rgb;
import dev.fusedit.trainer.recipe.TeacherRecipe;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoTensorLeaks.class)
class PatchProbesTest {
    private static Block square(BlockColor color, int x, int y, int diameter) {
        return new Block(color, BlockShape.SQUARE, 16 * x, 16 * y, 16 * diameter, new Rgb(1, 2, 3));
    }

    @Test
    void aPatchShowsWhatCoversAQuarterOfIt() {
        var scene = new Scene(List.of(square(BlockColor.RED, 8, 8, 16), square(BlockColor.PURPLE, 24, 26, 8)), new Rgb(0, 0, 0));
        var labels = PatchLabels.of(List.of(scene, scene), 32, 8);
        int no = PatchLabels.NONE, red = BlockColor.RED.ordinal(), purple = BlockColor.PURPLE.ordinal();
        assertThat(labels.color()).containsExactly(
                red, red, no, no, red, red, no, no, no, no, no, no, no, no, purple, purple,
                red, red, no, no, red, red, no, no, no, no, no, no, no, no, purple, purple);
        assertThat(labels.shape()[14]).isEqualTo(BlockShape.SQUARE.ordinal());
        assertThat(labels.heldOut()[14]).as("purple squares are held out").isTrue();
        assertThat(labels.heldOut()[0]).isFalse();
    }

    /// Features that hold the answer, and features that hold nothing.
    @Test
    void aProbeReadsWhatIsThereAndNoMore() {
        var classes = new long[600];
        for (int i = 0; i < classes.length; i++) classes[i] = i % 3;
        var noise = Tensor.randn(Seed.of(1), DType.F32, 600, 8);
        var telling = noise.copy();
        for (int i = 0; i < classes.length; i++) telling.get(i).narrow(0, classes[i], 1).fillInPlace(6);
        assertThat(right(telling, classes)).isGreaterThan(0.98);
        assertThat(right(noise, classes)).isLessThan(0.6);
    }

    private static double right(Tensor features_NF, long[] classes) {
        try (var probe = new LinearProbe(features_NF, classes, 3, Seed.of(2))) {
            var fresh = features_NF.narrow(0, 0, 300);
            var told = probe.classify(fresh);
            int right = 0;
            for (int i = 0; i < told.length; i++) if (told[i] == classes[i]) right++;
            return (double) right / told.length;
        }
    }

    /// An encoder that is told the truth, but of seen pairs only, is right wherever it tells it.
    @Test
    void pixelsTellColorsAndHardlyShapes() {
        var probes = new PatchProbes(new TeacherRecipe.Probes(150, 100, 0), 32, 8);
        var found = probes.of(bytes -> Tensor.of(bytes, bytes.length / 3072, 4, 8, 4, 8, 3).to(DType.F32).permute(0, 1, 3, 2, 4, 5)
                .reshape(bytes.length / 3072, 16, 192));
        assertThat(found.color()).isGreaterThan(0.9);
        assertThat(found.shape()).isBetween(0.2, 0.7);
    }

    @Test
    void viewsAreThePixelsAroundAPatch() {
        try (var weights = Weights.fresh(Seed.of(1), DTypePolicy.F32)) {
            var config = new DinoConfig(8, 1, 2, 2, 8, 4, 1e-6, 0, false, false, true);
            var task = HiddenPatches.of(DinoModel.of(config, weights.in("model")), 0.5, 6, weights.in("head"));
            var image = Tensor.arange(3 * 8 * 8).to(DType.F32).view(1, 3, 8, 8);
            var views = task.views(image);
            assertThat(views.shape()).containsExactly(1, 4, 3 * 36);
            var last = views.get(0).get(3).view(3, 6, 6); // rows and columns 3 to 8, of which 8 is beyond
            assertThat(last.get(1).get(0).get(0).item()).isCloseTo(image.get(0).get(1).get(3).get(3).item(), within(0.0));
            assertThat(last.get(2).get(4).get(4).item()).isCloseTo(image.get(0).get(2).get(7).get(7).item(), within(0.0));
            assertThat(last.get(0).get(5).get(0).item()).as("beyond").isEqualTo(-1);
        }
    }
}
