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
/// @param began where the run is before the stage's first step
/// @param steps its length
/// @param known where the run is at some step, from which on the stage is as `stage` says: at its beginning, or where the run goes on
public record StagePlan(Stage stage, int index, RunPosition began, long steps, RunPosition known) {
    private StagePlan(Stage stage, int index, RunPosition began, long steps) { this(stage, index, began, steps, began); }

    /// The stages of a recipe, one after the other.
    public static List<StagePlan> of(Recipe recipe) { return following(recipe, 0, new RunPosition(0, 0, 0)).build(); }

    /// The stages of a recipe under which a run goes on in the midst of one: no image and no sentence is repeated or left out, whatever the
    /// recipe changed. Stages before that one are over. It has as many steps as the recipe says, of which those that are done count; where it
    /// says epochs, what is left of their images.
    ///
    /// @param index of the stage that goes on
    /// @param began where that stage began
    /// @param now where the run is
    static List<StagePlan> goingOn(Recipe recipe, int index, RunPosition began, RunPosition now) {
        var plans = ImmutableList.<StagePlan>builder();
        for (int i = 0; i < index; i++) {
            plans.add(new StagePlan(recipe.stages().get(i), i, began, 0));
        }
        var stage = recipe.stages().get(index);
        long done = now.step() - began.step();
        long steps = stage.steps() != null ? Math.max(stage.steps(), done) : done + stepsLeft(stage, recipe, began, now);
        var plan = new StagePlan(stage, index, began, steps, now);
        plans.add(plan);
        return plans.addAll(following(recipe, index + 1, plan.at(plan.endStep())).build()).build();
    }

    private static ImmutableList.Builder<StagePlan> following(Recipe recipe, int first, RunPosition from) {
        var plans = ImmutableList.<StagePlan>builder();
        var at = from;
        for (int i = first; i < recipe.stages().size(); i++) {
            var stage = recipe.stages().get(i);
            var plan = new StagePlan(stage, i, at, steps(stage, recipe));
            plans.add(plan);
            at = plan.at(plan.endStep());
        }
        return plans;
    }

    private static long steps(Stage stage, Recipe recipe) {
        return stage.steps() != null ? stage.steps() : Math.max(1, Math.round(samples(stage, recipe) / stage.batch()));
    }

    private static long stepsLeft(Stage stage, Recipe recipe, RunPosition began, RunPosition now) {
        long seen = images(stage) > 0 ? now.image() - began.image() : now.sentence() - began.sentence();
        return Math.max(0, Math.round((samples(stage, recipe) - seen) / stage.batch()));
    }

    /// Of all epochs of a stage.
    private static double samples(Stage stage, Recipe recipe) {
        return Objects.requireNonNull(stage.epochs()) * Objects.requireNonNull(recipe.data().samples());
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
    public static int lanes(Run run, Stage stage) { return lanes(run, stage, 1); }

    /// As [#lanes(Run, Stage)], in each of several processes that share the stage's micro-batches.
    public static int lanes(Run run, Stage stage, int processes) {
        return stage.losses().contrastive() != null ? 1 : Math.clamp(stage.microBatch() / processes, 1, run.lanes().orElseThrow());
    }

    /// Global number of its first step.
    public long firstStep() { return began.step(); }

    public long endStep() { return firstStep() + steps; }

    /// Whether the stage begins elsewhere than a recipe says, since steps before it were done under another one.
    boolean isMoved(Recipe recipe) { return !began.equals(of(recipe).get(index).began()); }

    /// Where the run is after a step of this stage.
    ///
    /// @param step over all stages
    RunPosition at(long step) {
        long more = step - known.step();
        return new RunPosition(step, known.image() + more * images(stage), known.sentence() + more * sentences(stage));
    }

    /// Of the learning rates, over the stage's steps.
    public RateSchedule schedule() { return new RateSchedule(stage.schedule(), stage.warmUp(), steps); }

    /// How the stage's gradients change weights.
    ///
    /// @param run nothing of it is left to the machine
    /// @param decayedWithoutGradient names of parameters that decay even where no loss reaches them
    UpdateRule rule(Run run, Set<String> decayedWithoutGradient) {
        double highest = stage.lr().values().stream().mapToDouble(Double::doubleValue).max().orElse(1);
        return new UpdateRule(stage.name(), firstStep(), schedule(), highest, stage.optimizer(), stage.gradClip(), stage.hugeGradient(),
                stage.ema(), decayedWithoutGradient, run.precision(), run.seed());
    }
}
