package dev.fusedit.trainer.eval.blocks;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableMap;
import dev.fusedit.trainer.eval.metrics.Share;
import dev.fusedit.trainer.data.blocks.Kind;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// How many images show what was asked for, kind by kind, and how much of it the others show.
///
/// @param kinds those that were asked for
/// @param attributes mean of color, shape, count and place over the prompts that name them
/// @param whole of the shapes that prompts name: as many outlines are closed and of any of the four shapes
/// @param rightIfWhole of those outlines: they are of the named shapes
public record BlocksScore(ImmutableMap<Kind, Share> kinds, ImmutableMap<String, Double> attributes, Share whole, Share rightIfWhole) {

    /// Counts verdicts. Not for several threads.
    public static final class Tally {
        private final Map<Kind, int[]> kinds = new EnumMap<>(Kind.class);
        private final Map<String, double[]> attributes = new LinkedHashMap<>();
        private int named;
        private int whole;
        private int right;

        public void add(Kind kind, Verdict verdict) {
            var counts = kinds.computeIfAbsent(kind, _ -> new int[2]);
            if (verdict.accepted()) counts[0]++;
            counts[1]++;
            add("color", verdict.parts().color());
            add("shape", verdict.parts().shape());
            add("count", verdict.parts().count());
            add("place", verdict.parts().place());
            named += verdict.shapes().named();
            whole += verdict.shapes().whole();
            right += verdict.shapes().right();
        }

        private void add(String attribute, @Nullable Double part) {
            var sum = attributes.computeIfAbsent(attribute, _ -> new double[2]);
            if (part == null) return;
            sum[0] += part;
            sum[1]++;
        }

        public BlocksScore score() {
            var shares = ImmutableMap.<Kind, Share>builder();
            kinds.forEach((kind, counts) -> shares.put(kind, new Share(counts[0], counts[1])));
            var means = ImmutableMap.<String, Double>builder();
            attributes.forEach((attribute, sum) -> means.put(attribute, sum[1] == 0 ? 0 : sum[0] / sum[1]));
            return new BlocksScore(shares.buildOrThrow(), means.buildOrThrow(), new Share(whole, named), new Share(right, whole));
        }
    }

    /// The part of a kind's images that was accepted; 0 where none was asked for.
    public double of(Kind kind) { return kinds.containsKey(kind) ? kinds.get(kind).rate() : 0; }

    /// Of the kinds that were asked for, each as heavy as any other.
    public double mean() { return kinds.values().stream().mapToDouble(Share::rate).average().orElse(0); }

    /// Of all images together.
    public Share all() {
        return new Share(kinds.values().stream().mapToInt(Share::accepted).sum(), kinds.values().stream().mapToInt(Share::n).sum());
    }

    /// As in `result.json`: the kinds' rates, their mean, n images, attributes, 95 % intervals, and shapes in two parts.
    public ObjectNode toJson() {
        var json = JsonNodeFactory.instance.objectNode();
        json.put("mean", round(mean()));
        for (var kind : Kind.values()) if (kinds.containsKey(kind)) json.put(kind.key(), round(of(kind)));
        json.put("n", all().n());
        var parts = json.putObject("attributes");
        attributes.forEach((attribute, mean) -> parts.put(attribute, round(mean)));
        var intervals = json.putObject("intervals");
        put(intervals, "mean", all());
        for (var kind : Kind.values()) if (kinds.containsKey(kind)) put(intervals, kind.key(), kinds.get(kind));
        var shapes = json.putObject("shapes");
        shapes.put("named", whole.n()).put("whole", round(whole.rate())).put("right_if_whole", round(rightIfWhole.rate()));
        var shapeIntervals = shapes.putObject("intervals");
        put(shapeIntervals, "whole", whole);
        put(shapeIntervals, "right_if_whole", rightIfWhole);
        return json;
    }

    private static void put(ObjectNode intervals, String key, Share share) {
        intervals.putArray(key).add(round(share.low())).add(round(share.high()));
    }

    private static double round(double value) { return Math.round(value * 1e4) / 1e4; }
}
