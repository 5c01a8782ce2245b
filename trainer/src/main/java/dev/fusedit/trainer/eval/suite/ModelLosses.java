package dev.fusedit.trainer.eval.suite;

import dev.fusedit.trainer.data.image.ImageSize;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.Lists;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.trainer.data.TextIds;
import dev.fusedit.trainer.eval.FlowProbe;
import dev.fusedit.trainer.model.ImageTensors;
import dev.fusedit.trainer.model.RecipeModelConfigs;
import dev.fusedit.trainer.model.SavedModel;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/// The flow loss of a saved model on single images, as its last stage with a flow loss has it, but for weights.
///
/// @param model stays its owner's
record ModelLosses(SavedModel.Loaded model, FlowProbe probe, TextIds texts, int side) {
    /// One image with a caption, at one noise.
    ///
    /// @param sigma noise level
    record Asked(byte[] rgb, String caption, Seed noise, double sigma) {}

    static ModelLosses of(SavedModel.Loaded model) {
        var recipe = model.recipe();
        var matching = RecipeModelConfigs.flow(recipe.model(), recipe.lastFlow().orElseThrow());
        return new ModelLosses(model, new FlowProbe(model.bundle(), matching),
                new TextIds(model.bundle().tokenizer(), recipe.model().llm().maxTokens()),
                recipe.data().imageSize());
    }

    /// In their order.
    double[] of(List<Asked> asked, Seed draws) {
        return Lists.partition(asked, model.recipe().sampling().batch()).stream().flatMapToDouble(some -> Arrays.stream(batch(some, draws)))
                .toArray();
    }

    private double[] batch(List<Asked> asked, Seed draws) {
        try (var _ = TensorScope.open()) {
            var bytes = new ByteArrayOutputStream();
            asked.forEach(each -> bytes.writeBytes(each.rgb));
            var images = ImageTensors.of(bytes.toByteArray(), ImageSize.square(side)).to(model.bundle().weights().policy().device());
            var clean = model.bundle().latents().of(images, draws);
            return probe.losses(clean, asked.stream().map(Asked::noise).toList(), asked.stream().mapToDouble(Asked::sigma).toArray(),
                    asked.stream().map(each -> texts.caption(each.caption)).toArray(int[][]::new),
                    asked.stream().map(Asked::caption).toList());
        }
    }

    /// The middles of so many parts of (0, 1).
    static ImmutableList<Double> strata(int count) {
        return IntStream.range(0, count).mapToObj(i -> (i + 0.5) / count).collect(ImmutableList.toImmutableList());
    }
}
