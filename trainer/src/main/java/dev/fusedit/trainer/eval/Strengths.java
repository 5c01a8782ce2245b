package dev.fusedit.trainer.eval;

import dev.fusedit.trainer.data.blocks.Kind;
import dev.fusedit.trainer.eval.blocks.BlocksScore;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/// What a model can do, by its score, and what it cannot do yet.
///
/// @param best kind of captions; the easiest one where none comes true
/// @param rate of the best kind's images that show what was asked for
/// @param hardly the kinds that hardly ever come true, without the best
public record Strengths(Kind best, double rate, List<Kind> hardly) {
    private static final double HARDLY = 0.1;
    private static final Kind EASIEST = Kind.COLORS;

    /// @param sets scores by set, at least one; the first one counts
    public static Strengths of(Map<String, BlocksScore> sets) {
        var score = sets.values().iterator().next();
        var kinds = Arrays.stream(Kind.values()).filter(score.kinds()::containsKey).toList();
        var best = kinds.stream().max(Comparator.comparingDouble(score::of).thenComparing(kind -> kind == EASIEST)).orElse(EASIEST);
        return new Strengths(best, score.of(best), kinds.stream().filter(kind -> kind != best && score.of(kind) < HARDLY).toList());
    }

    /// `It is best at "a red thing": 0.69 of such captions come true. Hardly ever yet (below 0.1): two, counting`
    public String sentence() {
        if (rate == 0) return "No caption came true yet: train longer";
        var weak = hardly.isEmpty() ? ""
                : ". Hardly ever yet (below %.1f): %s".formatted(HARDLY, hardly.stream().map(Kind::key).collect(Collectors.joining(", ")));
        return String.format(Locale.ROOT, "It is best at \"%s\": %.2f of such captions come true%s", best.example(), rate, weak);
    }
}
