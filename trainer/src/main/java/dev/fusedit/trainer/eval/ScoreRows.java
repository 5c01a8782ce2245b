package dev.fusedit.trainer.eval;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/// Scores as `result.json` has them, with their 95 % intervals: a row for each kind of each set, a column for each run.
public final class ScoreRows {
    private static final String NOTHING = "-";

    private ScoreRows() {}

    /// @param runs the block `blocks` of each; none of a run that is not scored
    /// @return no row where no run has any
    public static List<List<String>> of(List<JsonNode> runs) {
        var rows = new ArrayList<List<String>>();
        var keys = keys(runs);
        keys.forEach((set, kinds) -> kinds.forEach(kind -> rows.add(row(set + " " + kind, runs, run -> score(run.path(set), kind)))));
        for (var set : keys.keySet()) rows.add(row(set + " images", runs, run -> run.path(set).path("n").asText(NOTHING)));
        return rows;
    }

    private static List<String> row(String name, List<JsonNode> runs, Function<JsonNode, String> cell) {
        var cells = new ArrayList<>(List.of(name));
        runs.forEach(run -> cells.add(cell.apply(run)));
        return cells;
    }

    private static Map<String, Set<String>> keys(List<JsonNode> runs) {
        var keys = new LinkedHashMap<String, Set<String>>();
        for (var run : runs) {
            run.properties().forEach(set -> {
                var kinds = keys.computeIfAbsent(set.getKey(), _ -> new LinkedHashSet<>());
                set.getValue().path("intervals").fieldNames().forEachRemaining(kinds::add);
                set.getValue().path("attributes").fieldNames().forEachRemaining(attribute -> kinds.add("right " + attribute));
            });
        }
        return keys;
    }

    private static String score(JsonNode set, String kind) {
        var attribute = set.path("attributes").path(kind.replaceFirst("^right ", ""));
        if (kind.startsWith("right ")) return attribute.isNumber() ? decimal(attribute) : NOTHING;
        var interval = set.path("intervals").path(kind);
        return set.path(kind).isNumber() ? "%s (%s to %s)".formatted(decimal(set.path(kind)), decimal(interval.path(0)),
                decimal(interval.path(1))) : NOTHING;
    }

    private static String decimal(JsonNode value) { return String.format(Locale.ROOT, "%.2f", value.asDouble()); }
}
