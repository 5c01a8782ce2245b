package dev.fusedit.trainer.stage;

import com.google.common.collect.ImmutableList;
import dev.fusedit.trainer.optim.RateSchedule;
import dev.fusedit.trainer.recipe.Losses;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.recipe.Run;
import dev.fusedit.trainer.recipe.Stage;
import dev.fusedit.trainer.step.UpdateRule;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/// A stage and where it lies in the run: its steps, images and sentences are counted over all stages, so that every draw can be a function
/// of one number.
///
/// @param firstStep global number of the stage's first step
/// @param steps its length
public record StagePlan(Stage stage, int index, long firstStep, long steps, long firstImage, long firstSentence) {
    /// The stages of a recipe, one after the other.
    public static List<StagePlan> of(Recipe recipe) {
        var plans = ImmutableList.<StagePlan>builder();
        long step = 0;
        long image = 0;
        long sentence = 0;
        for (int i = 0; i < recipe.stages().size(); i++) {
            var stage = recipe.stages().get(i);
            long steps = steps(stage, recipe);
            plans.add(new StagePlan(stage, i, step, steps, image, sentence));
            step += steps;
            image += steps * images(stage);
            sentence += steps * sentences(stage);
        }
        return plans.build();
    }

    private static long steps(Stage stage, Recipe recipe) {
        if (stage.steps() != null) {
            return stage.steps();
        }
        double images = Objects.requireNonNull(stage.epochs()) * Objects.requireNonNull(recipe.data().samples());
        return Math.max(1, Math.round(images / stage.batch()));
    }

    /// Images in a batch, which come with the captions.
    public static int images(Stage stage) {
        var language = stage.losses().language();
        boolean readsCaptions = language != null && language.corpus() == Losses.Corpus.CAPTIONS;
        return stage.losses().flow() != null || readsCaptions ? stage.batch() : 0;
    }

    /// Sentences in a batch: for the language loss, unless it reads the captions.
    static int sentences(Stage stage) {
        var language = stage.losses().language();
        return language != null && language.corpus() == Losses.Corpus.TEXT ? stage.batch() : 0;
    }

    /// Lanes of the stage: as many as the run has, but no more than a micro-batch has samples, and one where its samples are compared with
    /// each other.
    ///
    /// @param run nothing of it is left to the machine
    public static int lanes(Run run, Stage stage) {
        return stage.losses().contrastive() != null ? 1 : Math.min(run.lanes().orElseThrow(), stage.microBatch());
    }

    public long endStep() { return firstStep + steps; }

    /// Of the learning rates, over the stage's steps.
    public RateSchedule schedule() { return new RateSchedule(stage.schedule(), stage.warmUp(), steps); }

    /// How the stage's gradients change weights.
    ///
    /// @param run nothing of it is left to the machine
    /// @param decayedWithoutGradient names of parameters that decay even where no loss reaches them
    UpdateRule rule(Run run, Set<String> decayedWithoutGradient) {
        double highest = stage.lr().values().stream().mapToDouble(Double::doubleValue).max().orElse(1);
        return new UpdateRule(stage.name(), firstStep, schedule(), highest, stage.optimizer(), stage.gradClip(), stage.hugeGradient(),
                stage.ema(), decayedWithoutGradient, run.precision(), run.seed());
    }
}
