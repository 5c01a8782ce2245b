package dev.fusedit.trainer.stage;

import dev.fusedit.torch.MemoryShortage;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.cuda.Accelerator;
import dev.fusedit.trainer.model.Precisions;
import dev.fusedit.trainer.recipe.MemorySavings;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.recipe.Run;
import dev.fusedit.trainer.recipe.Stage;
import dev.fusedit.trainer.recipe.TeacherRecipe;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What a run's memory did not hold, and the keys of its recipe that take less of it.
public final class MemoryRemedies {
    private static final int TWICE = 2;
    private static final String BEGUN = " (a run that has begun takes them by --resume force)";

    private MemoryRemedies() {}

    /// Of a training step, its gradients and the optimizer's state included.
    public static UserError step(Recipe recipe, Stage stage, Throwable cause) { return step(recipe, stage, "", Optional.empty(), cause); }

    /// As above.
    ///
    /// @param device whose memory it was, and what is known of that; empty for the CPU's
    /// @param planned what the memory goes into, and what takes less, as sentences; empty if that is not known
    public static UserError step(Recipe recipe, Stage stage, String device, Optional<String> planned, Throwable cause) {
        var what = "a step of stage '%s' (batch %d, in micro-batches of %d, in %d at once)%s".formatted(stage.name(), stage.batch(),
                stage.microBatch(), StagePlan.lanes(recipe.run(), stage), device);
        return MemoryShortage.error(what,
                planned.map(text -> text + "\nA run that has begun takes them by --resume force.")
                        .orElseGet(() -> "Take less by one or more of: " + settings(recipe, stage) + BEGUN),
                cause);
    }

    /// Gives back to a run's device what a step that did not fit has left there.
    ///
    /// @return for [#step]: whose memory it was and what was taken of it; empty for the CPU
    public static String givenBack(Run run) {
        var device = Precisions.device(run);
        var memory = Accelerator.of(device).memory();
        var taken = device.isCpu() ? "" : " on %s (%s)".formatted(device, memory.statistics());
        memory.emptyCache();
        return taken;
    }

    private static String settings(Recipe recipe, Stage stage) {
        var savings = new MemorySavings(recipe, other -> other.equals(stage));
        var settings = new ArrayList<String>();
        savings.byCost().stream().map(MemorySavings.Saving::settings).flatMap(List::stream).map(MemoryRemedies::option)
                .forEach(settings::add);
        if (stage.batch() > 1) settings.add(option("stages.%s.batch=%d".formatted(stage.name(), stage.batch() / TWICE)));
        if (settings.isEmpty()) savings.fewerLayers().settings().stream().map(MemoryRemedies::option).forEach(settings::add);
        return settings.isEmpty() ? "a smaller model.dit" : String.join(", ", settings);
    }

    private static String option(String setting) { return "--set " + (setting.contains(" ") ? "'" + setting + "'" : setting); }

    /// Of a validation between steps.
    public static UserError validation(Recipe recipe, Throwable cause) {
        return MemoryShortage.error("a validation", "Take less by " + option("sampling.batch=" + half(recipe)), cause);
    }

    /// Of images that are sampled on the way or at the end; their batch was halved already where that helps.
    public static UserError images(Recipe recipe, Throwable cause) {
        return MemoryShortage.error("the sampling of previews or scored images",
                "Take less by %s, fewer evaluation.sets or evaluation.prompts_per_kind, or no logging.preview_every"
                        .formatted(option("sampling.batch=" + half(recipe))),
                cause);
    }

    /// Of what a run has before its first step.
    public static UserError weights(Recipe recipe, Throwable cause) {
        return MemoryShortage.error("the weights of '%s'".formatted(recipe.run().name()),
                "./fusedit plan tells what takes how much, and what takes less", cause);
    }

    /// Of the copies that a checkpoint is written from.
    public static UserError copies(Throwable cause) {
        return MemoryShortage.error(
                "the copies that a checkpoint is written from, as large as weights, average and the optimizer's state together",
                "Take less by an optimizer that keeps less (--set 'stages.NAME.optimizer={kind: adafactor}'), or leave more memory free",
                cause);
    }

    /// Of a step of a teacher's training.
    public static UserError teacher(TeacherRecipe recipe, Throwable cause) {
        int batch = recipe.learning().batch();
        return MemoryShortage.error("a step of the teacher '%s' (batch %d)".formatted(recipe.run().name(), batch),
                "Take less by %s%s".formatted(option("learning.batch=" + Math.max(TWICE, batch / TWICE)), BEGUN),
                cause);
    }

    private static int half(Recipe recipe) { return Math.max(1, recipe.sampling().batch() / TWICE); }
}
