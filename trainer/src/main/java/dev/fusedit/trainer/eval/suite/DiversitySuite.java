package dev.fusedit.trainer.eval.suite;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.trainer.data.blocks.Blocks;
import dev.fusedit.trainer.data.blocks.BlocksPrompts;
import dev.fusedit.trainer.data.blocks.Caption;
import dev.fusedit.trainer.data.blocks.Split;
import dev.fusedit.trainer.eval.blocks.BlocksChecker;
import dev.fusedit.trainer.eval.metrics.Diversity;
import dev.fusedit.trainer.eval.metrics.Estimate;
import dev.fusedit.trainer.eval.metrics.Share;
import dev.fusedit.trainer.log.PngImage;
import dev.fusedit.trainer.recipe.SuiteName;
import dev.fusedit.trainer.sampling.WantedImage;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/// How different images of one caption of Blocks are, over images that are right alone, beside their share: a model that draws nonsense is
/// not diverse. Each prompt counts with the same number of images, as the numbers depend on it; images that the data itself draws for the same
/// captions, as many, are the upper anchor.
///
/// @param captions of all kinds
/// @param each images a prompt; of the right ones the first half of so many count
/// @param encoders by whose features they are compared too
record DiversitySuite(ImmutableList<Caption> captions, int each, Seed seed, FeatureDiversity.Encoders encoders) implements Suite.OfImages {
    static final int USUAL_EACH = 8;
    private static final int PROMPTS_PER_KIND = 4;
    private static final int SIDE = 32;

    static DiversitySuite of(int each, Seed seed, FeatureDiversity.Encoders encoders) {
        return new DiversitySuite(BlocksPrompts.of(Split.SEEN, PROMPTS_PER_KIND), each, seed, encoders);
    }

    @Override
    public SuiteName name() { return SuiteName.DIVERSITY; }

    @Override
    public boolean isOfBlocks() { return true; }

    @Override
    public ImmutableList<ImageSet> wanted() {
        return ImmutableList.of(new ImageSet("diversity", IntStream.range(0, captions.size() * each).mapToObj(this::image)
                .collect(ImmutableList.toImmutableList())));
    }

    private WantedImage image(int place) {
        return WantedImage.of(String.format(Locale.ROOT, "diversity/%03d-%02d.png", place / each, place % each),
                captions.get(place / each).text(), seed, place);
    }

    /// So many images of each prompt count.
    private int counted() { return Math.max(2, each / 2); }

    /// What of a prompt is looked at.
    ///
    /// @param images the right ones that count
    /// @param drawn as many that the data draws
    private record Prompt(Caption caption, List<PngImage> images, List<PngImage> drawn) {
        List<SceneDescriptor> scenes() { return scenes(images); }

        List<SceneDescriptor> drawnScenes() { return scenes(drawn); }

        private static List<SceneDescriptor> scenes(List<PngImage> images) {
            return images.stream().map(image -> SceneDescriptor.of(BlocksChecker.look(image.rgb()))).toList();
        }
    }

    @Override
    public SuiteReport judge(SuiteImages images) {
        var prompts = new ArrayList<Prompt>();
        var shown = new ArrayList<SuiteReport.Shown>();
        int right = 0, judged = 0;
        for (int prompt = 0; prompt < captions.size(); prompt++) {
            var caption = captions.get(prompt);
            var accepted = new ArrayList<PngImage>();
            for (int i = prompt * each; i < (prompt + 1) * each; i++) {
                var wanted = image(i);
                var found = images.of(wanted);
                if (found.isEmpty()) continue;
                boolean isRight = BlocksSuite.judged(caption, found.get(), wanted.file()).accepted();
                judged++;
                if (isRight) right++;
                if (isRight) accepted.add(found.get());
                shown.add(SuiteReport.Shown.of(wanted, isRight, ""));
            }
            if (accepted.size() >= counted()) prompts.add(new Prompt(caption, accepted.subList(0, counted()), drawn(caption, prompt)));
        }
        return report(prompts, new Share(right, judged), Missing.notes(this, images)).showing(shown);
    }

    private List<PngImage> drawn(Caption caption, int prompt) {
        return IntStream.range(0, counted()).mapToObj(i -> new PngImage(SIDE, SIDE, Blocks.drawn(caption,
                seed.derive("drawn", prompt, i).value(), SIDE))).toList();
    }

    private SuiteReport report(List<Prompt> prompts, Share right, List<String> missing) {
        var notes = new ArrayList<>(missing);
        notes.add("%d of %d prompts have %d right images and more, of which %d count".formatted(prompts.size(), captions.size(), counted(),
                counted()));
        var json = JsonNodeFactory.instance.objectNode().put("seed", seed.value()).put("images_a_prompt", counted());
        json.set("right", right.toJson());
        var headline = new LinkedHashMap<String, Estimate>(Map.of("right", right.estimate()));
        var rows = new ArrayList<List<String>>();
        rows.add(List.of("diversity of right images", "model", "drawn", "prompts"));
        rows.add(List.of("images right", String.format(Locale.ROOT, "%.2f (%.2f to %.2f)", right.rate(), right.low(), right.high()), "",
                ""));
        measures().forEach((name, measure) -> {
            var some = prompts.stream().filter(prompt -> name.equals("vendi") || name.equals("place") || isOpen(prompt.caption, name))
                    .toList();
            if (some.isEmpty()) return;
            var model = Estimate.mean(some.stream().mapToDouble(prompt -> measure.applyAsDouble(prompt.scenes())).toArray());
            var drawn = Estimate.mean(some.stream().mapToDouble(prompt -> measure.applyAsDouble(prompt.drawnScenes())).toArray());
            rows.add(List.of(name.equals("vendi") ? "Vendi score of scenes" : "entropy of the open " + name, model.text(), drawn.text(),
                    "" + some.size()));
            var of = json.putObject(name);
            of.set("model", model.toJson());
            of.set("drawn", drawn.toJson());
            headline.put(name.equals("vendi") ? name : "open_" + name, model);
        });
        if (!prompts.isEmpty()) compareFeatures(prompts, rows, notes, json, headline);
        return SuiteReport.of(name(), List.of(rows), notes, json).headed(headline);
    }

    private void compareFeatures(List<Prompt> prompts, List<List<String>> rows, List<String> notes, ObjectNode json,
            Map<String, Estimate> headline) {
        var ours = prompts.stream().flatMap(prompt -> prompt.images.stream()).toList();
        var theirs = prompts.stream().flatMap(prompt -> prompt.drawn.stream()).toList();
        var found = encoders.of(prompts.size(), counted(), ours::get);
        var anchors = encoders.of(prompts.size(), counted(), theirs::get);
        rows.addAll(FeatureDiversity.rows(found, anchors, true));
        found.forEach((word, one) -> {
            var both = json.putObject(word);
            one.toJson(both.putObject("model"));
            Objects.requireNonNull(anchors.get(word)).toJson(both.putObject("drawn"));
            notes.add("encoder: " + one.encoder());
            headline.put("vendi_" + word, one.vendi());
            headline.put("cosine_distance_" + word, one.distance());
        });
    }

    private static Map<String, ToDoubleFunction<List<SceneDescriptor>>> measures() {
        var measures = new LinkedHashMap<String, ToDoubleFunction<List<SceneDescriptor>>>();
        measures.put("vendi", DiversitySuite::vendi);
        measures.put("color", scenes -> SceneDescriptor.entropy(scenes, SceneDescriptor::colors, 6));
        measures.put("shape", scenes -> SceneDescriptor.entropy(scenes, SceneDescriptor::shapes, 4));
        measures.put("place", scenes -> SceneDescriptor.entropy(scenes, SceneDescriptor::cells, 9));
        return measures;
    }

    /// Whether a caption leaves it open for all of its things.
    private static boolean isOpen(Caption caption, String attribute) {
        return caption.claim().things().stream()
                .allMatch(thing -> Optional.ofNullable(attribute.equals("color") ? thing.color() : thing.shape())
                        .isEmpty());
    }

    private static double vendi(List<SceneDescriptor> scenes) {
        try (var _ = TensorScope.open()) {
            var vectors = scenes.stream().map(SceneDescriptor::vector).toList();
            int width = vectors.stream().mapToInt(vector -> vector.length).max().orElseThrow();
            var all = new double[vectors.size() * width];
            for (int i = 0; i < vectors.size(); i++) System.arraycopy(vectors.get(i), 0, all, i * width, vectors.get(i).length);
            return Diversity.of(Tensor.of(all, vectors.size(), width)).vendi();
        }
    }
}
