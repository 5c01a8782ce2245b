package dev.fusedit.trainer.compare;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fusedit.trainer.log.MetricsLog;
import dev.fusedit.trainer.step.StepLosses;

/// A comparison for programs: `runs`, in their order, and `differences`, by key the values in that order.
public final class ComparisonJson {
    private static final ObjectMapper JSON = new ObjectMapper();

    private ComparisonJson() {}

    public static ObjectNode of(Comparison comparison) {
        var json = JsonNodeFactory.instance.objectNode();
        var runs = json.putArray("runs");
        comparison.runs().forEach(run -> runs.add(run(run)));
        var differences = json.putObject("differences");
        comparison.differences().stream().skip(1).forEach(row -> {
            var values = differences.putArray(row.getFirst());
            row.subList(1, row.size()).forEach(values::add);
        });
        return json;
    }

    private static ObjectNode run(ComparedRun run) {
        var json = JsonNodeFactory.instance.objectNode().put("label", run.label()).put("folder", run.folder().toString())
                .put("finished", run.isFinished()).put("parameters", run.plan().parameters().total())
                .put("trained", run.plan().parameters().trainable()).put("steps", run.steps()).put("images", run.images())
                .put("training_flops", run.flops()).put("seconds", run.seconds()).put("images_per_second", run.imagesPerSecond());
        run.peakMib().ifPresent(peak -> json.put("peak_mib", peak));
        var losses = json.putObject("losses");
        for (var loss : StepLosses.NAMES)
            run.last(loss).ifPresent(value -> losses.put(loss, value));
        run.validation("flow").ifPresent(value -> json.putObject("validation").put("flow", value));
        var evaluations = run.rows().stream().filter(row -> MetricsLog.EVALUATION.equals(row.get("event"))).toList();
        if (!evaluations.isEmpty()) json.set("evaluations", JSON.valueToTree(evaluations));
        if (!run.scores().isEmpty()) json.set("blocks", run.scores());
        if (!run.suites().isEmpty()) {
            var suites = json.putObject("suites");
            run.suites().forEach(suites::set);
        }
        return json;
    }
}
