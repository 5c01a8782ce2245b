package dev.fusedit.trainer.eval.suite;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.fusedit.torch.Seed;
import dev.fusedit.trainer.eval.metrics.Estimate;
import dev.fusedit.trainer.eval.metrics.Share;
import dev.fusedit.trainer.recipe.SuiteName;
import dev.fusedit.trainer.sampling.WantedImage;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/// How different images of one prompt are by features, of any prompts ([FeatureDiversity]): of images that are right alone, where something
/// judges them, beside their share; a model that draws nonsense is not diverse. Each prompt counts with the same number of images.
///
/// @param set some images a prompt
/// @param judge empty where nothing tells whether an image is right
record PromptDiversitySuite(ImageSet set, Optional<Judge> judge, FeatureDiversity.Encoders encoders, Seed seed) implements Suite.OfImages {
    static final int USUAL_EACH = 8;
    private static final int LEAST = 2;

    /// @param name in notes
    record Judge(String name, Verdicts verdicts) {}

    /// Whether an image is right; empty where nobody knows.
    @FunctionalInterface
    interface Verdicts {
        Optional<Boolean> of(WantedImage image);
    }

    @Override
    public SuiteName name() { return SuiteName.DIVERSITY; }

    @Override
    public ImmutableList<ImageSet> wanted() { return ImmutableList.of(set); }

    @Override
    public SuiteReport judge(SuiteImages images) {
        PromptList.requirePrompts(name(), set);
        var notes = new ArrayList<>(Missing.notes(this, images));
        var json = JsonNodeFactory.instance.objectNode().put("seed", seed.value());
        var headline = new LinkedHashMap<String, Estimate>();
        var prompts = byPrompt(set.images().stream().filter(images::has).toList());
        int most = prompts.stream().mapToInt(List::size).max().orElse(0);
        var rows = new ArrayList<List<String>>();
        rows.add(List.of("diversity of images of one prompt", "value", "prompts"));
        judge.ifPresent(by -> {
            var share = share(by, prompts);
            notes.add("images are right or not by " + by.name());
            int unjudged = prompts.stream().mapToInt(List::size).sum() - share.n();
            if (unjudged > 0) notes.add("%d images have no verdict; they count nowhere".formatted(unjudged));
            rows.add(List.of("images right", share.estimate().text(), "" + prompts.size()));
            json.set("right", share.toJson());
            headline.put("right", share.estimate());
        });
        if (judge.isEmpty()) notes.add("nothing tells whether these images are right: what is different may be wrong");
        var right = prompts.stream().map(this::right).toList();
        int each = counted(right, most);
        var counted = right.stream().filter(some -> some.size() >= each).map(some -> some.subList(0, each)).toList();
        json.put("images_a_prompt", each);
        notes.add("%d of %d prompts have %d%s images and more, of which %d count: the Vendi score depends on how many".formatted(
                counted.size(),
                prompts.size(), each, judge.isPresent() ? " right" : "", each));
        if (!counted.isEmpty()) {
            var all = counted.stream().flatMap(List::stream).toList();
            var found = encoders.of(counted.size(), each, i -> images.of(all.get(i)).orElseThrow());
            rows.addAll(FeatureDiversity.rows(found, ImmutableMap.of(), false));
            found.forEach((word, one) -> {
                one.toJson(json.putObject(word));
                notes.add("encoder: " + one.encoder());
                headline.put("vendi_" + word, one.vendi());
                headline.put("cosine_distance_" + word, one.distance());
            });
        }
        return SuiteReport.of(name(), List.of(rows), notes, json).headed(headline)
                .showing(set.images().stream().filter(images::has).map(this::shown).toList());
    }

    private SuiteReport.Shown shown(WantedImage image) {
        return judge.flatMap(by -> by.verdicts.of(image)).map(right -> SuiteReport.Shown.of(image, right, ""))
                .orElse(new SuiteReport.Shown(image, ""));
    }

    private static ImmutableList<List<WantedImage>> byPrompt(List<WantedImage> there) {
        Collection<List<WantedImage>> groups =
                there.stream().collect(Collectors.groupingBy(WantedImage::prompt, LinkedHashMap::new, Collectors.toList())).values();
        return ImmutableList.copyOf(groups);
    }

    private static Share share(Judge by, List<List<WantedImage>> prompts) {
        var verdicts = prompts.stream().flatMap(List::stream).flatMap(image -> by.verdicts.of(image).stream()).toList();
        return new Share((int) verdicts.stream().filter(right -> right).count(), verdicts.size());
    }

    private List<WantedImage> right(List<WantedImage> prompt) {
        return judge.isEmpty() ? prompt : prompt.stream().filter(image -> judge.get().verdicts.of(image).orElse(false)).toList();
    }

    /// Where images are judged half of what a prompt has, so that most prompts can count; else as many as every prompt has.
    private int counted(List<List<WantedImage>> right, int most) {
        if (judge.isPresent()) return Math.max(LEAST, most / 2);
        return Math.max(LEAST, right.stream().mapToInt(List::size).filter(size -> size >= LEAST).min().orElse(LEAST));
    }
}
