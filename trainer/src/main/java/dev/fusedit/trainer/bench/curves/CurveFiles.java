package dev.fusedit.trainer.bench.curves;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fusedit.torch.io.WholeFile;
import dev.fusedit.torch.io.WriteFailure;
import dev.fusedit.trainer.bench.BenchOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Curves in a folder: `curves.json`, and of each quantity `tokens-time.png` and `tokens-memory.png`.
public final class CurveFiles {
    private CurveFiles() {}

    /// Makes the folder, so that a long measurement does not end in vain.
    ///
    /// @throws dev.fusedit.torch.UserError if it cannot be made
    public static void prepare(Path folder) {
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw WriteFailure.of(folder, e);
        }
    }

    /// Over what an earlier call left there.
    public static void write(Path folder, ObjectNode json, List<Curve> curves) {
        try {
            WholeFile.write(folder.resolve("curves.json"), json.toPrettyString() + "\n");
            for (var curve : curves) {
                WholeFile.write(folder.resolve(curve.quantity() + "-time.png"), CurvePlots.time(curve).png());
                WholeFile.write(folder.resolve(curve.quantity() + "-memory.png"), CurvePlots.memory(curve).png());
            }
        } catch (IOException e) {
            throw WriteFailure.of(folder, e);
        }
    }

    public static ObjectNode json(List<Curve> curves, BenchOptions options) {
        var json = JsonNodeFactory.instance.objectNode().put("dtype", options.dtype().toString()).put("device", options.device().toString())
                .put("threads", options.threads());
        var all = json.putArray("curves");
        curves.forEach(curve -> all.add(json(curve)));
        return json;
    }

    private static ObjectNode json(Curve curve) {
        var json =
                JsonNodeFactory.instance.objectNode().put("quantity", curve.quantity().toString()).put("about", curve.quantity().about());
        var points = json.putArray("points");
        curve.points().forEach(point -> points.add(json(point)));
        var laws = json.putObject("laws");
        laws.set("time", json(curve.time()));
        laws.set("flops", json(curve.work()));
        laws.set(curve.quantity() == Quantity.PARAMETERS ? "peak_mib" : "above_base_mib", json(curve.memory()));
        return json;
    }

    private static ObjectNode json(Point point) {
        var task = point.task();
        var json = JsonNodeFactory.instance.objectNode().put("value", task.value()).put("parameters", task.memory().parameters())
                .put("learned", task.memory().trainable()).put("flops", task.workload().flops()).put("planned_mib", task.plannedMiB());
        return switch (point) {
            case Point.Measured(_, var cost) -> json.put("measured", true).put("median", cost.median()).put("min", cost.least())
                    .put("runs", cost.seconds().size()).put("lanes", cost.lanes()).put("peak_mib", cost.peakMiB())
                    .put("above_base_mib", cost.aboveBaseMiB());
            case Point.Planned(_, var seconds, var why) -> json.put("measured", false).put("planned_seconds", seconds).put("why", why);
        };
    }

    private static @Nullable ObjectNode json(@Nullable PowerLaw law) {
        return law == null ? null
                : JsonNodeFactory.instance.objectNode().put("exponent", law.exponent())
                        .put("standard_error", Double.isNaN(law.error()) ? null : (Double) law.error()).put("r_squared", law.rSquared())
                        .put("factor", law.factor()).put("points", law.points()).put("from", law.from()).put("to", law.to());
    }
}
