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
import dev.fusedit.trainer.model.ImageTensors;
import dev.fusedit.trainer.recipe.TeacherRecipe;
import java.util.Locale;
import java.util.Map;

/// What became of a vision encoder: what linear probes read off its patches, and off those of two controls.
///
/// @param seconds of training
/// @param probes `trained`, `random` (the same network with its first weights) and `pixels`
public record TeacherResult(double seconds, long steps, double peakMib, Map<String, Accuracy> probes) {
    static TeacherResult of(TeacherRecipe recipe, DinoModel model, double seconds, long steps, double peakMib) {
        int side = recipe.data().imageSize();
        int patch = recipe.teacher().patch();
        var probes = new PatchProbes(recipe.probes(), side, patch);
        try (var weights = Weights.fresh(Seed.of(recipe.run().seed()).derive("weights"), DTypePolicy.F32)) {
            var random = DinoModel.of(TeacherConfigs.of(recipe), recipe.teacher().initRange(), weights);
            return new TeacherResult(seconds, steps, peakMib, ImmutableMap.of(
                    "trained", probes.of(bytes -> states(model, ImageTensors.of(bytes, side))),
                    "random", probes.of(bytes -> states(random, ImageTensors.of(bytes, side))),
                    "pixels", probes.of(bytes -> pixels(ImageTensors.of(bytes, side), patch))));
        }
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
