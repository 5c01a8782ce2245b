package dev.fusedit.trainer.stage;

import com.google.common.collect.ImmutableList;
import dev.fusedit.trainer.recipe.Losses;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.recipe.Stage;
import java.util.List;
import java.util.Objects;

/// A stage and where it lies in the run: its steps, pictures and sentences are counted over all stages, so that every draw can be a function of
/// one number.
///
/// @param firstStep global number of the stage's first step
/// @param steps its length
public record StagePlan(Stage stage, int index, long firstStep, long steps, long firstPicture, long firstSentence) {
    /// The stages of a recipe, one after the other.
    public static List<StagePlan> of(Recipe recipe) {
        var plans = ImmutableList.<StagePlan>builder();
        long step = 0;
        long picture = 0;
        long sentence = 0;
        for (int i = 0; i < recipe.stages().size(); i++) {
            var stage = recipe.stages().get(i);
            long steps = steps(stage, recipe);
            plans.add(new StagePlan(stage, i, step, steps, picture, sentence));
            step += steps;
            picture += steps * pictures(stage);
            sentence += steps * sentences(stage);
        }
        return plans.build();
    }

    private static long steps(Stage stage, Recipe recipe) {
        if (stage.steps() != null) {
            return stage.steps();
        }
        double pictures = Objects.requireNonNull(stage.epochs()) * Objects.requireNonNull(recipe.data().samples());
        return Math.max(1, Math.round(pictures / stage.batch()));
    }

    /// Pictures in a batch.
    static int pictures(Stage stage) { return stage.losses().flow() == null ? 0 : stage.batch(); }

    /// Sentences in a batch: for the language loss, unless it reads the captions.
    static int sentences(Stage stage) {
        var language = stage.losses().language();
        return language != null && language.corpus() == Losses.Corpus.TEXT ? stage.batch() : 0;
    }

    public long endStep() { return firstStep + steps; }

    /// The learning rate's share at a step of the stage, counted from 0: a linear rise, then the schedule.
    public double rate(long step) {
        if (step < stage.warmUp()) {
            return (step + 1.0) / (stage.warmUp() + 1.0);
        }
        var left = steps - stage.warmUp();
        return stage.schedule().factor(left <= 1 ? 1 : (step - stage.warmUp()) / (left - 1.0));
    }
}
