package dev.fusedit.trainer.study;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fusedit.trainer.log.TextTable;
import dev.fusedit.trainer.plan.Plan;
import java.util.List;
import java.util.Locale;

/// What a study will do: its arms with the steps that the budget leaves them, and a command of each.
public final class StudyPlan {
    private StudyPlan() {}

    private record Planned(Arm arm, Cell cell, Plan plan) {
        double flops() { return plan.stages().stream().mapToDouble(stage -> stage.flopsBy(Long.MAX_VALUE)).sum(); }

        long images() { return plan.stages().stream().mapToLong(Plan.StageEstimate::images).sum(); }

        long steps() { return plan.stages().getLast().plan().endStep(); }
    }

    private static List<Planned> planned(Study study) {
        return study.arms().stream().map(arm -> {
            var cell = study.cell(arm, study.file().seeds().getFirst(), study.firstRate());
            return new Planned(arm, cell, Plan.of(cell.recipe()));
        }).toList();
    }

    public static String text(Study study) {
        var table = new TextTable("arm", "parameters", "trained", "steps", "images", "training FLOPs", "MiB");
        var arms = planned(study);
        for (var arm : arms)
            table.row(arm.arm.name(), whole(arm.plan.parameters().total()), whole(arm.plan.parameters().trainable()), whole(arm.steps()),
                    whole(arm.images()), Figures.text(arm.flops()), whole(arm.plan.demanding().memory().total() >> 20));
        var text = new StringBuilder(table.text());
        text.append("%s. %d cells".formatted(study.file().budget().text(), study.arms().size() * study.file().seeds().size()));
        var tuning = study.file().tuning();
        if (tuning != null) text.append(", and first %d tries of learning rates at %.2f of it, more if the best lies at the edge".formatted(
                study.arms().size() * tuning.values().size(), tuning.share()));
        for (var arm : arms) text.append('\n').append(arm.cell.trainCommand());
        return text.toString();
    }

    public static ObjectNode json(Study study) {
        var json = JsonNodeFactory.instance.objectNode().put("name", study.file().name());
        var arms = json.putArray("arms");
        for (var arm : planned(study))
            arms.addObject().put("name", arm.arm.name()).put("parameters", arm.plan.parameters().total())
                    .put("trained", arm.plan.parameters().trainable()).put("steps", arm.steps()).put("images", arm.images())
                    .put("training_flops", arm.flops()).put("memory_mib", arm.plan.demanding().memory().total() >> 20)
                    .put("command", arm.cell.trainCommand());
        return json;
    }

    private static String whole(long number) { return String.format(Locale.ROOT, "%,d", number); }
}
