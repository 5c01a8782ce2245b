package dev.fusedit.trainer.eval.suite;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.google.common.collect.ImmutableList;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.io.WholeFile;
import dev.fusedit.trainer.eval.geneval.Detections;
import dev.fusedit.trainer.eval.geneval.GenEvalPrompt;
import dev.fusedit.trainer.eval.geneval.GenEvalRules;
import dev.fusedit.trainer.eval.metrics.Estimate;
import dev.fusedit.trainer.eval.metrics.GenEval;
import dev.fusedit.trainer.recipe.SuiteName;
import dev.fusedit.trainer.sampling.WantedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// GenEval (Ghosh et al. 2023): images in its official layout, `00000/metadata.jsonl` and `00000/samples/0000.png`, and its scores from
/// detections, where they are given.
///
/// @param texts what the model is asked by, a prompt each
/// @param each images a prompt
/// @param detections empty before a detector has looked at the images
record GenEvalSuite(ImmutableList<GenEvalPrompt> prompts, PromptForm texts, int each, Seed seed, Optional<Detections> detections)
        implements Suite.OfImages {
    static final int OFFICIAL_EACH = 4;
    private static final int OFFICIAL_PROMPTS = 553;
    private static final String FOLDER = "geneval/";

    @Override
    public SuiteName name() { return SuiteName.GENEVAL; }

    @Override
    public ImmutableList<ImageSet> wanted() { return ImmutableList.of(new ImageSet("geneval", images())); }

    private ImmutableList<WantedImage> images() {
        return IntStream.range(0, prompts.size() * each).mapToObj(this::image).collect(ImmutableList.toImmutableList());
    }

    private WantedImage image(int place) {
        return WantedImage.of(FOLDER + file(place), texts.texts().get(place / each), seed, place);
    }

    private String file(int place) { return folder(place / each) + "/samples/" + String.format(Locale.ROOT, "%04d.png", place % each); }

    private static String folder(int prompt) { return String.format(Locale.ROOT, "%05d", prompt); }

    /// Whether its images are right, where detections are there.
    Optional<PromptDiversitySuite.Judge> judge() {
        var places = new HashMap<WantedImage, Integer>();
        for (int i = 0; i < prompts.size() * each; i++) places.put(image(i), i);
        return detections.map(seen -> new PromptDiversitySuite.Judge("GenEval's rules, from " + seen.source(),
                image -> verdict(Objects.requireNonNull(places.get(image)), seen).map(GenEvalRules.Judgement::correct)));
    }

    /// What the official scorer reads beside the images.
    @Override
    public void write(Path folder, SuiteImages images) throws IOException {
        for (int i = 0; i < prompts.size(); i++) {
            var place = folder.resolve(FOLDER + folder(i));
            Files.createDirectories(place);
            WholeFile.write(place.resolve("metadata.jsonl"), prompts.get(i).line() + "\n");
        }
    }

    /// @param verdict empty where the image, or what was seen in it, is not there
    private record Judged(int place, Optional<GenEvalRules.Judgement> verdict) {}

    @Override
    public SuiteReport judge(SuiteImages images) {
        var notes = new ArrayList<>(Missing.notes(this, images));
        notes.add("prompts: " + texts.name());
        if (detections.isEmpty()) {
            notes.add("no detections yet: examples/geneval_detections.py writes them; then the same command with --detections FILE");
            var json = JsonNodeFactory.instance.objectNode().put("prompt_form", texts.name()).put("seed", seed.value()).put("scored", 0);
            return SuiteReport.of(name(), List.of(), notes, json);
        }
        var judged = IntStream.range(0, prompts.size() * each).filter(place -> images.has(image(place)))
                .mapToObj(place -> new Judged(place, verdict(place, detections.get()))).toList();
        return report(judged.stream().filter(image -> image.verdict.isPresent()).toList(), judged.size(), notes);
    }

    private Optional<GenEvalRules.Judgement> verdict(int place, Detections seen) {
        var objects = seen.objects().get(file(place));
        return objects == null ? Optional.empty()
                : Optional.of(GenEvalRules.judge(prompts.get(place / each), objects, seen.source() + ": " + file(place)));
    }

    private SuiteReport report(List<Judged> judged, int images, List<String> notes) {
        if (judged.size() < images) notes.add("%d of %d images have no detections".formatted(images - judged.size(), images));
        if (prompts.size() < OFFICIAL_PROMPTS || each < OFFICIAL_EACH) {
            notes.add("published figures are of %d prompts with %d images each, these of %d with %d".formatted(OFFICIAL_PROMPTS,
                    OFFICIAL_EACH, prompts.size(), each));
        }
        var json = JsonNodeFactory.instance.objectNode().put("prompt_form", texts.name()).put("seed", seed.value()).put("scored",
                judged.size());
        if (judged.isEmpty()) return SuiteReport.of(name(), List.of(), notes, json);
        var sums = GenEval.of(judged.stream().map(image -> new GenEval.Verdict(tag(image), prompts.get(image.place / each).line(),
                correct(image))).toList());
        var tags = intervals(judged, sums);
        var overall = Estimate.meanOf(tags.values()).at(sums.overall());
        json.set("overall", overall.toJson());
        var byTag = json.putObject("by_tag");
        tags.forEach((tag, share) -> byTag.set(tag, share.toJson()));
        json.put("correct_images", sums.correctImages()).put("correct_prompts", sums.correctPrompts());
        return SuiteReport.of(name(), List.of(table(sums, tags, overall, judged)), notes, json).showing(judged.stream()
                .map(image -> SuiteReport.Shown.of(image(image.place), correct(image), image.verdict.orElseThrow().reason())).toList())
                .headed(Map.of("overall", overall));
    }

    private static boolean correct(Judged image) { return image.verdict.orElseThrow().correct(); }

    private String tag(Judged image) { return prompts.get(image.place / each).tag(); }

    /// By tag; a prompt's images are one unit.
    private Map<String, Estimate> intervals(List<Judged> judged, GenEval sums) {
        var tags = judged.stream().collect(Collectors.groupingBy(this::tag, LinkedHashMap::new, Collectors.toList()));
        var shares = new LinkedHashMap<String, Estimate>();
        tags.forEach((tag, images) -> shares.put(tag, Estimate.share(images.stream()
                .collect(Collectors.groupingBy(image -> image.place / each, Collectors.averagingDouble(image -> correct(image) ? 1 : 0)))
                .values().stream().mapToDouble(share -> share).toArray(), images.size()).at(sums.byTag().getOrDefault(tag, Double.NaN))));
        return shares;
    }

    private List<List<String>> table(GenEval sums, Map<String, Estimate> tags, Estimate overall, List<Judged> judged) {
        var rows = new ArrayList<List<String>>();
        rows.add(List.of("GenEval", "correct", "prompts", "images"));
        tags.forEach((tag, share) -> rows.add(List.of(tag, share.text(), "" + share.n(),
                "" + judged.stream().filter(image -> tag(image).equals(tag)).count())));
        rows.add(List.of("overall, mean of tags", overall.text(), "" + sums.prompts(), "" + sums.images()));
        rows.add(List.of("images", decimal(sums.correctImages()), "", ""));
        rows.add(List.of("prompts with any right", decimal(sums.correctPrompts()), "", ""));
        return rows;
    }

    private static String decimal(double share) { return String.format(Locale.ROOT, "%.2f", share); }
}
