package dev.fusedit.trainer.eval.suite;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.google.common.collect.ImmutableList;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.trainer.eval.features.ClipEncoder;
import dev.fusedit.trainer.eval.metrics.ClipScore;
import dev.fusedit.trainer.eval.metrics.Estimate;
import dev.fusedit.trainer.recipe.SuiteName;
import dev.fusedit.trainer.sampling.WantedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;

/// How well images fit their prompts by CLIP, in the two forms that are reported: CLIPScore as published (Hessel et al. 2021: 2.5 max(cos, 0),
/// the text behind "A photo depicts "), and torchmetrics' (100 times the mean cosine, the text as it is).
///
/// @param set images with prompts
/// @param clip a whole CLIP's folder
/// @param device it computes on
record ClipSuite(ImageSet set, Seed seed, Path clip, Device device) implements Suite.OfImages {
    private static final String PREFIX = "A photo depicts ";

    @Override
    public SuiteName name() { return SuiteName.CLIP; }

    @Override
    public ImmutableList<ImageSet> wanted() { return ImmutableList.of(set); }

    @Override
    public SuiteReport judge(SuiteImages images) {
        PromptList.requirePrompts(name(), set);
        var there = set.images().stream().filter(images::has).toList();
        try (var encoder = ClipEncoder.open(clip, device); var _ = TensorScope.open()) {
            var seen = encoder.features(there.size(), i -> images.of(there.get(i)).orElseThrow());
            var prompts = there.stream().map(WantedImage::prompt).toList();
            var published = ClipScore.of(seen, encoder.texts(prompts.stream().map(prompt -> PREFIX + prompt).toList()));
            var plain = ClipScore.of(seen, encoder.texts(prompts));
            return report(there, encoder.name(), published, plain, Missing.notes(this, images));
        }
    }

    private SuiteReport report(List<WantedImage> there, String encoder, ClipScore published, ClipScore plain, List<String> missing) {
        var notes = new ArrayList<>(missing);
        notes.add("encoder: " + encoder);
        Estimate score = byPrompt(there, published.weighted()), percent = byPrompt(there, Arrays.stream(plain.cosines()).map(x -> 100 * x)
                .toArray());
        var json = JsonNodeFactory.instance.objectNode().put("encoder", encoder).put("images", there.size()).put("seed", seed.value());
        json.set("clip_score", score.toJson());
        json.set("cosine_percent", percent.toJson());
        List<List<String>> rows = List.of(List.of("CLIP", "mean", "prompts", "images"),
                List.of("CLIPScore, 2.5 max(cos, 0)", score.text(3), "" + score.n(), "" + there.size()),
                List.of("100 cos, text as it is", percent.text(2), "" + percent.n(), "" + there.size()));
        return SuiteReport.of(name(), List.of(rows), notes, json).showing(IntStream.range(0, there.size())
                .mapToObj(i -> new SuiteReport.Shown(there.get(i), String.format(Locale.ROOT, "%.3f", published.weighted()[i]))).toList())
                .headed(Map.of("clip_score", score));
    }

    /// Images of one prompt are one unit.
    private static Estimate byPrompt(List<WantedImage> there, double[] values) {
        var prompts = there.stream().map(WantedImage::prompt).distinct().toList();
        var sums = new double[prompts.size()];
        var counts = new int[prompts.size()];
        for (int i = 0; i < values.length; i++) {
            int prompt = prompts.indexOf(there.get(i).prompt());
            sums[prompt] += values[i];
            counts[prompt]++;
        }
        return Estimate.mean(IntStream.range(0, sums.length).mapToDouble(i -> sums[i] / counts[i]).toArray())
                .at(Arrays.stream(values).average().orElseThrow());
    }
}
