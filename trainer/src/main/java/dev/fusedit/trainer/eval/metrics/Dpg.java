package dev.fusedit.trainer.eval.metrics;

import static com.google.common.base.Preconditions.checkArgument;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/// DPG-Bench's sums (Hu et al. 2024; `dpg_bench/compute_dpg_bench.py` of ELLA's public repository).
///
/// Its rules, kept so that numbers compare: a question counts nothing if one that it depends on came out 0, in the order of the questions,
/// so that zeros go on; categories count the answers for the last image of an item only, and without that rule.
public final class Dpg {
    private Dpg() {}

    /// @param dependsOn ids of questions; 0 is none
    /// @param category `attribute - color`
    public record Question(int id, List<Integer> dependsOn, String category) {}

    /// A prompt's questions, and for each of its images the answers by question.
    public record Item(List<Question> questions, List<Map<Integer, Boolean>> answers) {
        public Item {
            checkArgument(!questions.isEmpty() && !answers.isEmpty(), "an item has questions and images");
        }

        /// Share of questions that count, for each image.
        public List<Double> scores() { return answers.stream().map(this::score).toList(); }

        private double score(Map<Integer, Boolean> answers) {
            var counts = counted(answers);
            return (double) questions.stream().filter(question -> counts.getOrDefault(question.id, false)).count() / questions.size();
        }

        /// The answers for an image, without those whose parents came out 0.
        private Map<Integer, Boolean> counted(Map<Integer, Boolean> answers) {
            var counts = new LinkedHashMap<>(answers);
            for (var question : questions) {
                if (question.dependsOn.stream().anyMatch(parent -> parent != 0 && !counts.getOrDefault(parent, false))) {
                    counts.put(question.id, false);
                }
            }
            return counts;
        }

        /// Questions that have no answer, over all images. Each counts as one that is answered by no.
        public long unanswered() {
            return answers.stream().mapToLong(image -> questions.stream().filter(question -> !image.containsKey(question.id)).count())
                    .sum();
        }

        /// Answers that there should be.
        public long asked() { return (long) questions.size() * answers.size(); }

        public double score() { return scores().stream().mapToDouble(score -> score).average().orElseThrow(); }
    }

    /// From 0 to 1.
    public static double score(List<Item> items) { return items.stream().mapToDouble(Item::score).average().orElseThrow(); }

    /// Shares of right answers by category, `attribute - color`, as the official script has them.
    public static Map<String, Double> categories(List<Item> items) { return shares(items, UnaryOperator.identity(), Dpg::official); }

    /// The same by the category's first word.
    public static Map<String, Double> kinds(List<Item> items) { return shares(items, Dpg::kind, Dpg::official); }

    /// Shares by category of all images, where a question counts nothing if one that it depends on did not: as in [#score].
    public static Map<String, Double> countedCategories(List<Item> items) { return shares(items, UnaryOperator.identity(), Dpg::counted); }

    /// The same by the category's first word.
    public static Map<String, Double> countedKinds(List<Item> items) { return shares(items, Dpg::kind, Dpg::counted); }

    private static String kind(String category) { return category.split("-", 2)[0].strip(); }

    private static List<Map<Integer, Boolean>> official(Item item) { return List.of(item.answers.getLast()); }

    private static List<Map<Integer, Boolean>> counted(Item item) { return item.answers.stream().map(item::counted).toList(); }

    private static Map<String, Double> shares(List<Item> items, UnaryOperator<String> group,
            Function<Item, List<Map<Integer, Boolean>>> answers) {
        record Answer(String group, boolean right) {}
        var all = new ArrayList<Answer>();
        for (var item : items) {
            for (var image : answers.apply(item)) {
                for (var question : item.questions)
                    all.add(new Answer(group.apply(question.category), image.getOrDefault(question.id, false)));
            }
        }
        return all.stream().collect(Collectors.groupingBy(Answer::group, TreeMap::new, Collectors.averagingDouble(a -> a.right ? 1 : 0)));
    }
}
