package dev.fusedit.trainer.run;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.google.common.collect.ImmutableMap;
import dev.fusedit.fusion.vision.DinoModel;
import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.Torch;
import dev.fusedit.trainer.align.PatchProbes.Accuracy;
import dev.fusedit.trainer.align.PatchProbes;
import dev.fusedit.trainer.align.TeacherConfigs;
import dev.fusedit.trainer.log.TextTable;
import dev.fusedit.trainer.data.image.ImageSize;
import dev.fusedit.trainer.model.ImageTensors;
import dev.fusedit.trainer.recipe.TeacherRecipe;
import java.util.Locale;
import java.util.Map;
import java.util.function.DoubleConsumer;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/// What became of a vision encoder: what linear probes read off its patches, and off those of two controls.
///
/// @param seconds of training
/// @param probes `trained`, `random` (the same network with its first weights) and `pixels`
public record TeacherResult(double seconds, long steps, double peakMib, Map<String, Accuracy> probes) {
    private static final int FEATURES = 3;

    /// Images that encoders read for it.
    static int images(TeacherRecipe.Probes probes) { return FEATURES * (probes.fitted() + probes.judged()); }

    /// @param more told how many more of those images are read
    static TeacherResult of(TeacherRecipe recipe, DinoModel model, double seconds, long steps, double peakMib, DoubleConsumer more) {
        int side = recipe.data().imageSize();
        int patch = recipe.teacher().patch();
        var probes = new PatchProbes(recipe.probes(), side, patch);
        try (var weights = Weights.fresh(Seed.of(recipe.run().seed()).derive("weights"), DTypePolicy.F32)) {
            var random = DinoModel.of(TeacherConfigs.of(recipe), recipe.teacher().initRange(), weights);
            return new TeacherResult(seconds, steps, peakMib, ImmutableMap.of(
                    "trained", probes.of(counted(images -> states(model, images), side, more)),
                    "random", probes.of(counted(images -> states(random, images), side, more)),
                    "pixels", probes.of(counted(images -> pixels(images, patch), side, more))));
        }
    }

    private static Function<byte[], Tensor> counted(UnaryOperator<Tensor> features, int side, DoubleConsumer more) {
        return bytes -> {
            var images_BCHW = ImageTensors.of(bytes, ImageSize.square(side));
            var found = features.apply(images_BCHW);
            more.accept(images_BCHW.size(0));
            return found;
        };
    }

    private static Tensor states(DinoModel model, Tensor images_BCHW) {
        return TensorScope.scoped(() -> model.places(model.forward(images_BCHW)).contiguous());
    }

    /// Each patch's own, (B, N, 3 · patch²).
    private static Tensor pixels(Tensor images_BCHW, int patch) {
        return TensorScope.scoped(() -> Torch.call("aten::im2col", "", images_BCHW, new long[] {patch, patch}, new long[] {1, 1},
                new long[] {0, 0}, new long[] {patch, patch}).tensor().transpose(1, 2).contiguous());
    }

    /// A table for the console.
    public String table() {
        var table = new TextTable("features", "color", "shape", "held-out color", "held-out shape");
        probes.forEach((name, found) -> table.row(name, percent(found.color()), percent(found.shape()), percent(found.heldOutColor()),
                percent(found.heldOutShape())));
        return table.text();
    }

    private static String percent(double share) { return String.format(Locale.ROOT, "%.3f", share); }

    /// `result.json`, with a line break at the end.
    public String json() {
        var json = JsonNodeFactory.instance.objectNode();
        json.put("seconds", seconds).put("steps", steps).put("peak_mib", peakMib);
        var each = json.putObject("probes");
        probes.forEach((name, found) -> each.putObject(name).put("color", found.color()).put("shape", found.shape())
                .put("heldout_color", found.heldOutColor()).put("heldout_shape", found.heldOutShape()));
        return json.toPrettyString() + "\n";
    }
}
