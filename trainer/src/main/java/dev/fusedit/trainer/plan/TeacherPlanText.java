package dev.fusedit.trainer.plan;

import dev.fusedit.trainer.log.TextTable;

/// A [TeacherPlan] for people.
public final class TeacherPlanText {
    private TeacherPlanText() {}

    public static String of(TeacherPlan plan) {
        var text = new StringBuilder("%s: a vision encoder of %s parameters, and %s in the heads of its task, all trained\n\n".formatted(
                plan.recipe().run().name(), PlanText.millions(plan.encoder()), PlanText.millions(plan.heads())));
        text.append(memory(plan.memory())).append('\n');
        text.append("%s GFLOP a step, %,d steps, %,d images in all. A checkpoint: %,d MiB on the disk.\n".formatted(
                PlanText.giga(plan.flops()), plan.recipe().learning().steps(), plan.images(), PlanText.mib(plan.memory().saved())));
        plan.secondsPerStep().ifPresent(seconds -> text.append("Time here, from steps tried on this CPU: about %s, %.3g s a step\n"
                .formatted(PlanText.time(seconds * plan.recipe().learning().steps()), seconds)));
        text.append("%s: it needs %,d MiB, there are %,d MiB of %s.".formatted(plan.fits() ? "Fits" : "Does not fit",
                PlanText.mib(plan.memory().total()), PlanText.mib(plan.available()), plan.where()));
        return text.toString();
    }

    private static String memory(StageMemory memory) {
        var table = new TextTable("Memory in MiB", "teacher");
        row(table, "weights", memory.weights());
        row(table, "gradients", memory.gradients());
        row(table, "optimizer", memory.optimizer());
        row(table, "activations", memory.activations());
        row(table, "the batch", memory.caches());
        row(table, "checkpoint being written", memory.checkpoint());
        row(table, "the process itself", memory.process());
        row(table, "at most at once", memory.total());
        return table.text();
    }

    private static void row(TextTable table, String name, long bytes) { table.row(name, "%,d".formatted(PlanText.mib(bytes))); }
}
