package dev.fusedit.trainer.page;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import dev.fusedit.trainer.log.LinePlot;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// A plot as the page's script draws it, and in words and numbers for those who don't see it.
final class Chart {
    private final LinePlot plot;
    private final List<LinePlot.Series> series;

    Chart(LinePlot plot) {
        this.plot = plot;
        series = plot.series().stream().map(Thinned::of).map(this::shown).toList();
    }

    /// The points that the axes hold, from the left.
    private LinePlot.Series shown(LinePlot.Series one) {
        var places =
                IntStream.range(0, one.x().length).filter(i -> isShown(one.x()[i], plot.logX()) && isShown(one.y()[i], plot.logScale()))
                        .boxed().sorted(Comparator.comparingDouble(i -> one.x()[i])).toList();
        boolean bounded = one.low().length > 0;
        return new LinePlot.Series(one.name(), at(places, one.x()), at(places, one.y()), one.mark(),
                at(bounded ? places : List.of(), one.low()),
                at(bounded ? places : List.of(), one.high()));
    }

    private static boolean isShown(double value, boolean log) { return Double.isFinite(value) && !(log && value <= 0); }

    private static double[] at(List<Integer> places, double[] values) { return places.stream().mapToDouble(i -> values[i]).toArray(); }

    ObjectNode json() {
        var json = JsonNodeFactory.instance.objectNode();
        json.putObject("x").put("label", plot.xLabel()).put("log", plot.logX());
        json.putObject("y").put("label", plot.yLabel()).put("log", plot.logScale());
        var all = json.putArray("series");
        for (var one : series) {
            var object = all.addObject().put("name", one.name()).put("mark", one.mark().name().toLowerCase(Locale.ROOT));
            put(object.putArray("x"), one.x());
            put(object.putArray("y"), one.y());
            if (plot.smoothing() > 0) put(object.putArray("smooth"), plot.smoothed(one));
            if (one.low().length > 0) {
                put(object.putArray("low"), one.low());
                put(object.putArray("high"), one.high());
            }
        }
        return json;
    }

    /// Six digits are more than a chart shows. What is not finite breaks a line.
    private static void put(ArrayNode array, double[] values) {
        for (double value : values) {
            if (!Double.isFinite(value)) array.addNull();
            else if (value == Math.rint(value) && Math.abs(value) < 1e15) array.add((long) value);
            else array.add(Double.parseDouble(String.format(Locale.ROOT, "%.6g", value)));
        }
    }

    /// `Losses: loss against step. flow: 120 points, from 1.2 to 0.31`
    String words() {
        return "%s: %s against %s. %s".formatted(plot.title(), plot.yLabel(), plot.xLabel(),
                series.stream().map(Chart::words).collect(Collectors.joining("; ")));
    }

    private static String words(LinePlot.Series one) {
        int count = one.y().length;
        return count == 0 ? "%s: no points".formatted(one.name())
                : "%s: %d points, from %s to %s".formatted(one.name(), count, number(one.y()[0]), number(one.y()[count - 1]));
    }

    /// A row for each series, behind the heads.
    List<List<String>> rows() {
        var rows = ImmutableList.<List<String>>builder().add(List.of("", "points", "first", "last", "least", "most"));
        for (var one : series) {
            var values = one.y();
            if (values.length == 0) continue;
            rows.add(List.of(one.name(), Integer.toString(values.length), number(values[0]), number(values[values.length - 1]),
                    number(Arrays.stream(values).min().orElseThrow()), number(Arrays.stream(values).max().orElseThrow())));
        }
        return rows.build();
    }

    /// Four digits, without zeros at the end.
    private static String number(double value) {
        var text = String.format(Locale.ROOT, "%.4g", value);
        return text.contains("e") || !text.contains(".") ? text : text.replaceFirst("\\.?0+$", "");
    }
}
