package dev.fusedit.trainer.data.audit;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fusedit.trainer.data.source.BucketReport;
import dev.fusedit.trainer.data.source.Lookalikes;
import dev.fusedit.trainer.data.source.SampleFacts;
import dev.fusedit.trainer.data.source.SourceScan;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;

/// What is in a source, in numbers.
///
/// @param tokens ids of a caption; of no model, its bytes
/// @param cut whether a caption is longer than what is read of it
/// @param buckets what a recipe's aspect-ratio buckets make of it; none without such a recipe
public record SourceReport(SourceScan scan, Lookalikes lookalikes, ToIntFunction<String> tokens, Predicate<String> cut,
        List<BucketReport> buckets) {
    private static final int SHOWN = 20;

    public static SourceReport of(SourceScan scan, ToIntFunction<String> tokens, Predicate<String> cut) {
        return new SourceReport(scan, Lookalikes.of(scan.good()), tokens, cut, List.of());
    }

    public SourceReport withBuckets(List<BucketReport> others) { return new SourceReport(scan, lookalikes, tokens, cut, others); }

    /// Least, middle and most of something.
    public record Spread(int least, int median, int most) {
        static Spread of(int[] values) {
            var sorted = values.clone();
            Arrays.sort(sorted);
            return sorted.length == 0 ? new Spread(0, 0, 0) : new Spread(sorted[0], sorted[sorted.length / 2], sorted[sorted.length - 1]);
        }

        ObjectNode json() { return JsonNodeFactory.instance.objectNode().put("min", least).put("median", median).put("max", most); }

        @Override
        public String toString() { return "%,d to %,d, half of them up to %,d".formatted(least, most, median); }
    }

    public Spread widths() { return spread(SampleFacts::width); }

    public Spread heights() { return spread(SampleFacts::height); }

    /// Tokens of captions, uncut.
    public Spread captionLengths() { return spread(facts -> tokens.applyAsInt(facts.caption())); }

    private Spread spread(ToIntFunction<SampleFacts> of) { return Spread.of(scan.good().stream().mapToInt(of).toArray()); }

    private long wider(double low, double high) {
        return scan.good().stream().mapToDouble(facts -> (double) facts.width() / facts.height())
                .filter(aspect -> aspect >= low && aspect < high).count();
    }

    public int captionsCut() { return (int) scan.captions().stream().filter(cut).count(); }

    /// Images whose caption an image before them has.
    public int repeatedCaptions() { return scan.good().size() - (int) scan.captions().stream().distinct().count(); }

    /// For programs. `samples` are images found; `problems` counts by cause, those that there are.
    public ObjectNode json() {
        var json = JsonNodeFactory.instance.objectNode();
        json.put("source", scan.source().place()).put("samples", scan.source().size()).put("ok", scan.good().size());
        var problems = json.putObject("problems");
        scan.counts().forEach((cause, count) -> problems.put(cause.word(), count));
        json.put("hidden_files", scan.source().others().hidden()).put("other_files", scan.source().others().unread());
        json.put("duplicates", lookalikes.count()).put("captions_repeated", repeatedCaptions()).put("captions_cut",
                captionsCut());
        json.set("width", widths().json());
        json.set("height", heights().json());
        json.putObject("aspect").put("tall", wider(0, 0.8)).put("square", wider(0.8, 1.25)).put("wide", wider(1.25, Double.MAX_VALUE));
        json.set("caption_tokens", captionLengths().json());
        if (!buckets.isEmpty()) json.putArray("buckets").addAll(buckets.stream().map(BucketReport::json).toList());
        return json;
    }

    /// For a person: what is there, and each problem.
    public List<String> lines() {
        var lines = new ArrayList<>(summaryLines());
        scan.problems().stream().limit(SHOWN)
                .forEach(problem -> lines.add("  %s: %s (%s)".formatted(problem.sample(), problem.cause().word(), problem.detail())));
        if (scan.problems().size() > SHOWN) lines.add("  … and %,d more".formatted(scan.problems().size() - SHOWN));
        return lines;
    }

    List<String> summaryLines() {
        var others = scan.source().others();
        var lines = new ArrayList<String>();
        lines.add("%s: %,d images, %,d can be trained on".formatted(scan.source().place(), scan.source().size(), scan.good().size()));
        if (others.hidden() + others.unread() > 0)
            lines.add("not read: %,d hidden files, %,d others".formatted(others.hidden(), others.unread()));
        lines.add("width %s; height %s".formatted(widths(), heights()));
        lines.add("tall %,d, about square %,d, wide %,d".formatted(wider(0, 0.8), wider(0.8, 1.25), wider(1.25, Double.MAX_VALUE)));
        lines.add("captions: tokens %s; %,d are cut".formatted(captionLengths(), captionsCut()));
        lines.add("captions that come again: %,d; images that look like another: %,d".formatted(repeatedCaptions(),
                lookalikes.count()));
        buckets.forEach(report -> lines.add(report.text()));
        scan.counts().forEach((cause, count) -> lines.add(String.format(Locale.ROOT, "%,d %s", count, cause.word())));
        return lines;
    }
}
