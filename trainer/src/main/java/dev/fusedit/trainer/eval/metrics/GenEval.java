package dev.fusedit.trainer.eval.metrics;

import static com.google.common.base.Preconditions.checkArgument;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// GenEval's sums (Ghosh et al. 2023; `evaluation/summary_scores.py` of its public repository).
///
/// @param byTag share of correct images of each kind of prompt
public record GenEval(int images, int prompts, double correctImages, double correctPrompts, Map<String, Double> byTag) {
    /// One image's verdict.
    ///
    /// @param prompt what tells prompts apart
    public record Verdict(String tag, String prompt, boolean correct) {}

    public static GenEval of(List<Verdict> verdicts) {
        checkArgument(!verdicts.isEmpty(), "no images");
        var anyOfPrompt = verdicts.stream()
                .collect(Collectors.groupingBy(Verdict::prompt, LinkedHashMap::new,
                        Collectors.reducing(false, Verdict::correct, Boolean::logicalOr)));
        var byTag = verdicts.stream().collect(Collectors.groupingBy(Verdict::tag, LinkedHashMap::new, share()));
        return new GenEval(verdicts.size(), anyOfPrompt.size(), verdicts.stream().collect(share()),
                anyOfPrompt.values().stream().mapToInt(any -> any ? 1 : 0).average().orElseThrow(), byTag);
    }

    private static java.util.stream.Collector<Verdict, ?, Double> share() {
        return Collectors.averagingDouble(verdict -> verdict.correct ? 1 : 0);
    }

    /// Each kind counts the same, however many images it has.
    public double overall() { return byTag.values().stream().mapToDouble(share -> share).average().orElseThrow(); }
}
