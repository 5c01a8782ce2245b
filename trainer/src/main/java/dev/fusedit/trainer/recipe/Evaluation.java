package dev.fusedit.trainer.recipe;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableList;
import java.util.List;

/// What is scored at the end of a run.
///
/// @param promptsPerKind prompts of each kind in each set, one picture each
/// @param seed of the noise from which the scored pictures are drawn
public record Evaluation(@Default("[seen, heldout, paraphrase]") List<ScoreSet> sets, @Default("48") int promptsPerKind,
        @Default("0") long seed) {
    public Evaluation {
        checkArgument(sets.stream().distinct().count() == sets.size(), "sets must not name one twice, but is %s", sets);
        checkArgument(promptsPerKind > 0, "prompts_per_kind must be at least 1, but is %s", promptsPerKind);
        sets = ImmutableList.copyOf(sets);
    }

    public enum ScoreSet { SEEN, HELDOUT, PARAPHRASE }
}
