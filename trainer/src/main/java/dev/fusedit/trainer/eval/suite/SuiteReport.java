package dev.fusedit.trainer.eval.suite;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.fusedit.trainer.eval.metrics.Estimate;
import dev.fusedit.trainer.log.LinePlot;
import dev.fusedit.trainer.log.TextTable;
import dev.fusedit.trainer.recipe.SuiteName;
import dev.fusedit.trainer.sampling.WantedImage;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// What a suite found.
///
/// @param tables each with its heads first
/// @param notes what to know about the numbers: what is missing, what is too little, how they were computed
/// @param json what programs read of it
/// @param shown images and what was said of them, for a page
/// @param headline the few numbers that a curve over the steps of a run is drawn of, by their keys
public record SuiteReport(SuiteName name, ImmutableList<List<List<String>>> tables, ImmutableList<String> notes, ObjectNode json,
        ImmutableList<Shown> shown, ImmutableList<LinePlot> plots, ImmutableMap<String, Estimate> headline) {

    /// @param verdict behind the prompt: `✓`, `✗ expected bench>=1, found 0`; empty where nothing was judged
    public record Shown(WantedImage image, String verdict) {
        static Shown of(WantedImage image, boolean right, String reason) {
            return new Shown(image, right ? "✓" : reason.isEmpty() ? "✗" : "✗ " + reason);
        }
    }

    static SuiteReport of(SuiteName name, List<List<List<String>>> tables, List<String> notes, ObjectNode json) {
        return new SuiteReport(name, ImmutableList.copyOf(tables), ImmutableList.copyOf(notes), json, ImmutableList.of(),
                ImmutableList.of(), ImmutableMap.of());
    }

    SuiteReport showing(List<Shown> images) {
        return new SuiteReport(name, tables, notes, json, ImmutableList.copyOf(images), plots, headline);
    }

    SuiteReport plotted(List<LinePlot> curves) {
        return new SuiteReport(name, tables, notes, json, shown, ImmutableList.copyOf(curves), headline);
    }

    SuiteReport headed(Map<String, Estimate> numbers) {
        return new SuiteReport(name, tables, notes, json, shown, plots, ImmutableMap.copyOf(numbers));
    }

    /// Tables, then notes, a line each; ends with a line break.
    public String text() {
        return tables.stream().map(rows -> TextTable.of(rows).text()).collect(Collectors.joining("\n"))
                + notes.stream().map(note -> note + "\n").collect(Collectors.joining());
    }
}
