package dev.fusedit.trainer.recipe;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableList;
import dev.fusedit.trainer.recipe.binding.Default;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What is scored at the end of a run, and what is watched on the way.
///
/// @param promptsPerKind prompts of each kind in each set, one image each
/// @param seed of the noise from which the scored images are sampled
/// @param validation losses on images that are never trained on; none if left out
public record Evaluation(@Default("[seen, heldout, paraphrase]") List<ScoreSet> sets, @Default("48") int promptsPerKind,
        @Default("0") long seed, @Nullable Validation validation) {
    public Evaluation {
        checkArgument(sets.stream().distinct().count() == sets.size(), "sets must not name one twice, but is %s", sets);
        checkArgument(promptsPerKind > 0, "prompts_per_kind must be at least 1, but is %s", promptsPerKind);
        sets = ImmutableList.copyOf(sets);
    }

    public enum ScoreSet { SEEN, HELDOUT, PARAPHRASE }

    /// The flow loss at fixed noise and times, by bins of the noise level, and the captions' perplexity.
    ///
    /// @param every steps between two of them; the end of a stage has one too
    /// @param samples images, the same ones each time
    /// @param bins of the noise level between 0 and 1
    public record Validation(@Default("200") int every, @Default("64") int samples, @Default("5") int bins, @Default("0") long seed) {
        public Validation {
            checkArgument(every > 0, "every must be at least 1, but is %s", every);
            checkArgument(samples > 0, "samples must be at least 1, but is %s", samples);
            checkArgument(bins > 0 && samples % bins == 0, "bins must divide the %s samples, but is %s", samples, bins);
        }
    }
}
