package dev.fusedit.trainer.plan;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;

/// A [Plan] for programs. The numbers at the top are those of the stage that needs most memory.
public final class PlanJson {
    private PlanJson() {}

    public static ObjectNode of(Plan plan) {
        var json = JsonNodeFactory.instance.objectNode();
        var parameters = plan.parameters();
        json.putObject("parameters").put("total", parameters.total()).put("trainable", parameters.trainable()).put("dit", parameters.dit())
                .put("llm", parameters.llm()).put("beside", plan.beside());
        var demanding = plan.demanding();
        json.put("stage", demanding.plan().stage().name());
        json.set("memory_mib", memory(demanding.memory()));
        json.put("flops_per_step", demanding.work().flops());
        json.put("fits", plan.fits());
        json.put("available_mib", mib(plan.available()));
        var remedies = json.putArray("remedies");
        for (var remedy : plan.remedies()) {
            var object =
                    remedies.addObject().put("what", remedy.what()).put("saves_mib", mib(remedy.saved())).put("enough", remedy.enough());
            remedy.settings().forEach(object.putArray("set")::add);
        }
        if (!plan.processes().isAlone()) {
            json.putObject("processes").put("count", plan.processes().count())
                    .put("shard", plan.processes().sharding().name().toLowerCase(Locale.ROOT)).put("others_mib", mib(plan.others()))
                    .put("needed_mib", mib(plan.needed()));
        }
        json.put("pictures", plan.stages().stream().mapToLong(Plan.StageEstimate::images).sum());
        json.put("checkpoint_mib", mib(plan.checkpoint()));
        plan.paths().forEach(json.putArray("paths")::add);
        if (!plan.recipe().kept().isEmpty()) plan.recipe().kept().forEach(json.putArray("cached")::add);
        var speed = plan.speed();
        if (speed != null) {
            json.put("seconds", Math.round(speed.seconds(plan.stages())));
            json.put("busy", speed.busyness().sentence());
            var rates = json.putObject("rates"); // as the doctor's: GFLOP/s by dtype
            speed.largest().forEach((dtype, flops) -> rates.put(dtype.toString(), Math.round(flops / 1e8) / 10.0));
        }
        var stages = json.putArray("stages");
        for (var stage : plan.stages()) {
            var object = stages.addObject().put("name", stage.plan().stage().name()).put("steps", stage.plan().steps())
                    .put("pictures", stage.images())
                    .put("trainable", stage.trainable());
            object.set("memory_mib", memory(stage.memory()));
            object.put("flops_per_step", stage.work().flops());
            var sizes = plan.recipe().sizes(stage.plan().stage());
            if (sizes.size() > 1) sizes.forEach(size -> object.withArray("image_sizes").add(size.word()));
            if (speed != null) object.put("seconds_per_step", speed.secondsPerStep(stage));
        }
        return json;
    }

    /// A teacher's: the keys that it has of a model's.
    public static ObjectNode of(TeacherPlan plan) {
        var json = JsonNodeFactory.instance.objectNode();
        json.putObject("parameters").put("total", plan.encoder() + plan.heads()).put("trainable", plan.encoder() + plan.heads())
                .put("encoder", plan.encoder()).put("heads", plan.heads());
        json.set("memory_mib", memory(plan.memory()));
        json.put("flops_per_step", plan.flops()).put("fits", plan.fits()).put("available_mib", mib(plan.available()))
                .put("pictures", plan.images()).put("checkpoint_mib", mib(plan.memory().saved()))
                .put("steps", plan.recipe().learning().steps());
        plan.secondsPerStep().ifPresent(seconds -> json.put("seconds", Math.round(seconds * plan.recipe().learning().steps()))
                .put("seconds_per_step", seconds));
        return json;
    }

    private static ObjectNode memory(StageMemory memory) {
        return JsonNodeFactory.instance.objectNode().put("weights", mib(memory.weights())).put("gradients", mib(memory.gradients()))
                .put("optimizer", mib(memory.optimizer())).put("average", mib(memory.average()))
                .put("activations", mib(memory.activations()))
                .put("caches", mib(memory.caches())).put("checkpoint", mib(memory.checkpoint())).put("drawing", mib(memory.sampling()))
                .put("leftover", mib(memory.leftover())).put("process", mib(memory.process())).put("total", mib(memory.total()));
    }

    private static long mib(long bytes) { return Math.round(bytes / (double) (1 << 20)); }
}
