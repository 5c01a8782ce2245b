package dev.fusedit.trainer.eval.suite;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.io.WholeFile;
import dev.fusedit.trainer.eval.metrics.Dpg;
import dev.fusedit.trainer.eval.metrics.Estimate;
import dev.fusedit.trainer.log.PngImage;
import dev.fusedit.trainer.recipe.SuiteName;
import dev.fusedit.trainer.sampling.WantedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/// DPG-Bench (Hu et al. 2024, "ELLA"): images in its official form, one file a prompt with four images in a square, and its scores from
/// answers to its questions, where they are given.
///
/// @param ids of the prompts
/// @param each images a prompt: 4, or 1
/// @param isGiven whether the squares are another program's, whole
record DpgSuite(ImmutableList<String> ids, PromptForm texts, int each, Seed seed, boolean isGiven, Optional<Answered> answered)
        implements Suite.OfImages {
    static final int OFFICIAL_EACH = 4;
    private static final int OFFICIAL_PROMPTS = 1065;
    private static final String GRIDS = "dpg/", PARTS = "dpg-parts/";
    private static final int PERCENT = 100;

    /// @param official the questions as the official script reads them, where its quirks are wanted
    record Answered(ImmutableMap<String, ImmutableList<Dpg.Question>> questions,
            Optional<ImmutableMap<String, ImmutableList<Dpg.Question>>> official,
            ImmutableMap<String, ImmutableList<Map<Integer, Boolean>>> answers) {}

    @Override
    public SuiteName name() { return SuiteName.DPG; }

    @Override
    public ImmutableList<ImageSet> wanted() { return ImmutableList.of(new ImageSet("dpg", isGiven ? grids() : parts())); }

    private ImmutableList<WantedImage> parts() {
        return IntStream.range(0, ids.size() * each).mapToObj(this::part).collect(ImmutableList.toImmutableList());
    }

    private WantedImage part(int place) {
        return WantedImage.of(PARTS + ids.get(place / each) + "/" + place % each + ".png", texts.texts().get(place / each), seed, place);
    }

    private ImmutableList<WantedImage> grids() {
        return IntStream.range(0, ids.size()).mapToObj(this::grid).collect(ImmutableList.toImmutableList());
    }

    private WantedImage grid(int prompt) { return new WantedImage(GRIDS + ids.get(prompt) + ".png", texts.texts().get(prompt), seed); }

    /// The squares that the official script cuts into images.
    @Override
    public void write(Path folder, SuiteImages images) throws IOException {
        Files.createDirectories(folder.resolve(GRIDS));
        for (int i = 0; i < ids.size(); i++) {
            int first = i * each;
            var four = IntStream.range(first, first + each).mapToObj(this::part).map(images::of).flatMap(Optional::stream).toList();
            WholeFile.write(folder.resolve(grid(i).file()), square(four).png());
        }
    }

    /// Two above two; one alone stays as it is.
    static PngImage square(List<PngImage> images) {
        if (images.size() == 1) return images.getFirst();
        var one = images.getFirst();
        int row = 3 * one.width();
        var rgb = new byte[4 * one.rgb().length];
        for (int i = 0; i < images.size(); i++)
            for (int y = 0; y < one.height(); y++)
                System.arraycopy(images.get(i).rgb(), y * row, rgb, (i / 2 * one.height() + y) * 2 * row + i % 2 * row, row);
        return new PngImage(2 * one.width(), 2 * one.height(), rgb);
    }

    @Override
    public SuiteReport judge(SuiteImages images) {
        var notes = new ArrayList<>(Missing.notes(this, images));
        notes.add("prompts: " + texts.name());
        var json = JsonNodeFactory.instance.objectNode().put("prompt_form", texts.name()).put("seed", seed.value());
        if (answered.isEmpty()) {
            notes.add("no answers yet: examples/dpg_answers.py writes them; then the same command with --dpg-questions and --dpg-answers");
            return SuiteReport.of(name(), List.of(), notes, json.put("scored", 0));
        }
        return report(answered.get(), images, notes, json);
    }

    private SuiteReport report(Answered answered, SuiteImages images, List<String> notes, ObjectNode json) {
        var there = IntStream.range(0, ids.size()).filter(i -> !isGiven || images.has(grid(i))).mapToObj(ids::get).toList();
        var items = items(there, answered.questions, answered.answers);
        json.put("scored", items.size());
        if (items.size() < there.size())
            notes.add("%d of %d prompts have no answers; they count nowhere".formatted(there.size() - items.size(), there.size()));
        long unanswered = items.stream().mapToLong(Dpg.Item::unanswered).sum();
        long otherwise = items.stream().filter(item -> item.answers().size() != each).count();
        json.put("answers_missing", unanswered).put("prompts_of_other_images", otherwise);
        if (unanswered > 0)
            notes.add("%d of %d answers are missing; each counts as no".formatted(unanswered,
                    items.stream().mapToLong(Dpg.Item::asked).sum()));
        if (otherwise > 0)
            notes.add("%d of %d prompts have answers of more or fewer images than %d".formatted(otherwise, items.size(), each));
        if (items.size() < OFFICIAL_PROMPTS)
            notes.add("published figures are of %d prompts, these of %d".formatted(OFFICIAL_PROMPTS, items.size()));
        if (items.isEmpty()) return SuiteReport.of(name(), List.of(), notes, json);
        var score = percent(Estimate.mean(items.stream().mapToDouble(Dpg.Item::score).toArray()));
        json.set("score", score.toJson());
        var rows = new ArrayList<List<String>>();
        rows.add(List.of("DPG-Bench", "score", "n"));
        rows.add(List.of("all", score.text(), items.size() + " prompts"));
        add(rows, json.putObject("l1"), Dpg.countedKinds(items), items, category -> category.split("-", 2)[0].strip());
        add(rows, json.putObject("l2"), Dpg.countedCategories(items), items, category -> category);
        var tables = new ArrayList<List<List<String>>>(List.of(rows));
        answered.official.ifPresent(questions -> tables.add(official(items(there, questions, answered.answers), there.size(), notes,
                json.putObject("official"))));
        return SuiteReport.of(name(), tables, notes, json).headed(Map.of("score", score));
    }

    private static Estimate percent(Estimate share) {
        return new Estimate(PERCENT * share.value(), PERCENT * share.low(), PERCENT * share.high(), share.n());
    }

    private static void add(List<List<String>> rows, ObjectNode json, Map<String, Double> shares, List<Dpg.Item> items,
            UnaryOperator<String> group) {
        shares.forEach((category, share) -> {
            long questions = items.stream().flatMap(item -> item.questions().stream())
                    .filter(question -> group.apply(question.category()).equals(category)).count();
            rows.add(List.of(category, decimal(PERCENT * share), questions + " questions"));
            json.putObject(category).put("value", PERCENT * share).put("n", questions);
        });
    }

    private static String decimal(double value) { return String.format(Locale.ROOT, "%.2f", value); }

    /// As the official script counts: an item whose questions ask for a dropped one fails there, and leaves the mean.
    private static List<List<String>> official(List<Dpg.Item> all, int prompts, List<String> notes, ObjectNode json) {
        var items = all.stream().filter(DpgSuite::isWhole).toList();
        notes.add(
                ("official: as its script counts: without the table's first row; %d of %d prompts leave the mean unnoticed; categories are of "
                        + "the last image alone, and no question is zeroed there").formatted(prompts - items.size(), prompts));
        var rows = new ArrayList<List<String>>();
        rows.add(List.of("as the official script", "score"));
        if (items.isEmpty()) return rows;
        json.put("score", PERCENT * Dpg.score(items)).put("n", items.size());
        rows.add(List.of("all", decimal(PERCENT * Dpg.score(items))));
        Dpg.kinds(items).forEach((kind, share) -> rows.add(List.of(kind, decimal(PERCENT * share))));
        Dpg.categories(items).forEach((category, share) -> rows.add(List.of(category, decimal(PERCENT * share))));
        var l1 = json.putObject("l1");
        Dpg.kinds(items).forEach((kind, share) -> l1.put(kind, PERCENT * share));
        var l2 = json.putObject("l2");
        Dpg.categories(items).forEach((category, share) -> l2.put(category, PERCENT * share));
        return rows;
    }

    private static boolean isWhole(Dpg.Item item) {
        var ids = item.questions().stream().map(Dpg.Question::id).toList();
        return item.questions().stream().allMatch(question -> question.dependsOn().stream().allMatch(id -> id == 0 || ids.contains(id)));
    }

    private List<Dpg.Item> items(List<String> there, ImmutableMap<String, ImmutableList<Dpg.Question>> questions,
            ImmutableMap<String, ImmutableList<Map<Integer, Boolean>>> answers) {
        return there.stream().filter(id -> questions.containsKey(id) && answers.containsKey(id))
                .map(id -> new Dpg.Item(Objects.requireNonNull(questions.get(id)), Objects.requireNonNull(answers.get(id)))).toList();
    }
}
