package dev.fusedit.trainer.recipe;

import static dev.fusedit.fusion.config.Rules.checkArgument;

import com.google.common.collect.ImmutableList;
import dev.fusedit.fusion.config.Bound;
import dev.fusedit.fusion.config.Default;
import dev.fusedit.fusion.config.Doc;
import dev.fusedit.fusion.config.Rules;
import java.util.List;
import org.jspecify.annotations.Nullable;

@Doc("What is scored at the end of a run, and what is watched on the way.")
public record Evaluation(
        @Doc("of the built-in data; all of them with it, none with other data if left out") @Nullable List<ScoreSet> sets,
        @Doc("prompts of each kind in each set, one image each") @Default("48") int promptsPerKind,
        @Doc("of the noise from which the scored images are sampled") @Default("0") long seed,
        @Doc("losses on images that are never trained on; none if left out") @Nullable Validation validation) {
    public Evaluation {
        checkArgument(sets == null || sets.stream().distinct().count() == sets.size(), "sets must not name one twice, but is %s", sets);
        Bound.IMAGES.check("prompts_per_kind", promptsPerKind);
        sets = sets == null ? null : ImmutableList.copyOf(sets);
    }

    /// Those that are scored.
    public List<ScoreSet> scored() { return sets == null ? List.of() : sets; }

    /// With what was left to the data decided.
    Evaluation settled(boolean builtIn) {
        return sets != null ? this
                : Rules.told(() -> new Evaluation(builtIn ? List.of(ScoreSet.values()) : List.of(), promptsPerKind, seed, validation));
    }

    /// Whether its sets are those of a recipe that names none.
    boolean isUsual(boolean builtIn) {
        return equals(new Evaluation(null, promptsPerKind, seed, validation).settled(builtIn));
    }

    public enum ScoreSet { SEEN, HELDOUT, PARAPHRASE }

    @Doc("The flow loss at fixed noise and times, by bins of the noise level, and the captions' perplexity.")
    public record Validation(
            @Doc("steps between two of them; the end of a stage has one too") @Default("200") int every,
            @Doc("images, the same ones each time") @Default("60") int samples,
            @Doc("of the noise level between 0 and 1") @Default("5") int bins,
            @Default("0") long seed) {
        public Validation {
            Bound.STEPS.check("every", every);
            Bound.IMAGES.check("samples", samples);
            checkArgument(bins > 0 && samples % bins == 0, "bins must divide the %s samples, but is %s", samples, bins);
        }
    }
}
