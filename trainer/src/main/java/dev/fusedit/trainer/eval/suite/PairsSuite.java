package dev.fusedit.trainer.eval.suite;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.google.common.base.Ascii;
import com.google.common.collect.ImmutableList;
import dev.fusedit.torch.Seed;
import dev.fusedit.trainer.data.blocks.Caption;
import dev.fusedit.trainer.data.blocks.Kind;
import dev.fusedit.trainer.data.blocks.MinimalPairs;
import dev.fusedit.trainer.data.blocks.MinimalPairs.Attribute;
import dev.fusedit.trainer.data.blocks.MinimalPairs.Pair;
import dev.fusedit.trainer.eval.metrics.Share;
import dev.fusedit.trainer.recipe.SuiteName;
import dev.fusedit.trainer.sampling.WantedImage;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/// Semantic consistency on Blocks: two captions that differ in one word, an image of each from the same noise, right only if both images are
/// right. A model that does not read the word gets no pair right.
///
/// @param each pairs of each kind of captions and each attribute that it names
record PairsSuite(ImmutableList<Pair> pairs, int each, Seed seed) implements Suite.OfImages {
    static final int USUAL_EACH = 12;

    static PairsSuite of(int each, Seed seed) { return new PairsSuite(MinimalPairs.draw(seed.value(), each), each, seed); }

    @Override
    public SuiteName name() { return SuiteName.PAIRS; }

    @Override
    public boolean isOfBlocks() { return true; }

    @Override
    public ImmutableList<ImageSet> wanted() {
        return ImmutableList.of(new ImageSet("pairs", IntStream.range(0, 2 * pairs.size()).mapToObj(this::image)
                .collect(ImmutableList.toImmutableList())));
    }

    private WantedImage image(int place) {
        var file = String.format(Locale.ROOT, "pairs/%04d-%s.png", place / 2, place % 2 == 0 ? "a" : "b");
        return WantedImage.of(file, caption(place).text(), seed, place / 2);
    }

    private Caption caption(int place) {
        var pair = pairs.get(place / 2);
        return place % 2 == 0 ? pair.first() : pair.second();
    }

    /// A pair whose images are both there.
    private record Judged(Pair pair, boolean first, boolean second) {
        boolean both() { return first && second; }
    }

    @Override
    public SuiteReport judge(SuiteImages images) {
        var judged = new ArrayList<Judged>();
        var shown = new ArrayList<SuiteReport.Shown>();
        for (int i = 0; i < pairs.size(); i++) {
            if (!images.has(image(2 * i)) || !images.has(image(2 * i + 1))) continue;
            boolean first = isRight(2 * i, images), second = isRight(2 * i + 1, images);
            judged.add(new Judged(pairs.get(i), first, second));
            shown.add(SuiteReport.Shown.of(image(2 * i), first, ""));
            shown.add(SuiteReport.Shown.of(image(2 * i + 1), second, ""));
        }
        return report(judged, Missing.notes(this, images)).showing(shown);
    }

    private boolean isRight(int place, SuiteImages images) {
        var wanted = image(place);
        return BlocksSuite.judged(caption(place), images.of(wanted).orElseThrow(), wanted.file()).accepted();
    }

    private SuiteReport report(List<Judged> judged, List<String> missing) {
        var groups = new LinkedHashMap<String, Predicate<Judged>>();
        for (var attribute : Attribute.values())
            groups.put(Ascii.toLowerCase(attribute.name()), pair -> pair.pair.attribute() == attribute);
        for (var kind : Kind.values()) groups.put(kind.key(), pair -> pair.pair.kind() == kind);
        groups.put("all", _ -> true);
        var json = JsonNodeFactory.instance.objectNode().put("seed", seed.value()).put("pairs", judged.size());
        var rows = new ArrayList<List<String>>();
        rows.add(List.of("pairs that differ in one word", "both right", "images right", "pairs"));
        groups.forEach((name, group) -> {
            var some = judged.stream().filter(group).toList();
            if (some.isEmpty()) return;
            var both = new Share((int) some.stream().filter(Judged::both).count(), some.size());
            int right = some.stream().mapToInt(pair -> (pair.first ? 1 : 0) + (pair.second ? 1 : 0)).sum();
            var one = new Share(right, 2 * some.size());
            rows.add(List.of(name, text(both), text(one), "" + some.size()));
            json.set(name, both.toJson().put("images_right", one.rate()));
        });
        var both = new Share((int) judged.stream().filter(Judged::both).count(), judged.size());
        return SuiteReport.of(name(), List.of(rows), missing, json).headed(Map.of("both_right", both.estimate()));
    }

    private static String text(Share share) {
        return String.format(Locale.ROOT, "%.2f (%.2f to %.2f)", share.rate(), share.low(), share.high());
    }
}
