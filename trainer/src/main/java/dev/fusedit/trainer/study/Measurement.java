package dev.fusedit.trainer.study;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Maps;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.JsonFile;
import dev.fusedit.trainer.compare.ComparedRun;
import java.util.EnumMap;
import java.util.Map;
import java.util.stream.Collectors;

/// A cell that is trained and measured, read.
///
/// @param endpoint what decides
/// @param values of the metrics that it has
public record Measurement(Cell cell, ComparedRun run, double endpoint, ImmutableMap<Metric, Double> values) {
    /// @param levels by which numbers at all noise levels become one
    /// @throws UserError if it has no endpoint
    static Measurement read(Cell cell, NoiseShares levels) {
        var run = ComparedRun.read(cell.name(), cell.folder());
        var numbers = JsonFile.object(cell.numbers(), "Delete it: the study makes it again");
        var values = new EnumMap<Metric, Double>(Metric.class);
        for (var metric : Metric.values()) metric.of(run, numbers, levels).ifPresent(value -> values.put(metric, value));
        var endpoint = values.get(cell.endpoint());
        if (endpoint == null) throw new UserError("%s: the endpoint %s is not measured. Choose one that is: %s".formatted(cell.name(),
                cell.endpoint().word(), values.keySet().stream().map(Metric::word).collect(Collectors.joining(", "))));
        return new Measurement(cell, run, endpoint, Maps.immutableEnumMap(values));
    }

    /// The shares of kinds that were right, by `seen_single` and the like; of what captions name, by `seen_right_color` and the like, which
    /// tell more where whole captions hardly ever come true; and of outlines that are whole, `seen_whole`.
    Map<String, Double> kinds() {
        var kinds = ImmutableMap.<String, Double>builder();
        run.scores().properties().forEach(set -> set.getValue().path("intervals").fieldNames().forEachRemaining(kind -> {
            if (!kind.equals("mean")) kinds.put(set.getKey() + "_" + kind, set.getValue().path(kind).asDouble());
        }));
        run.scores().properties().forEach(set -> {
            set.getValue().path("attributes").properties()
                    .forEach(named -> kinds.put(set.getKey() + "_right_" + named.getKey(), named.getValue().asDouble()));
            var whole = set.getValue().at("/shapes/whole");
            if (whole.isNumber()) kinds.put(set.getKey() + "_whole", whole.asDouble());
        });
        return kinds.buildOrThrow();
    }
}
