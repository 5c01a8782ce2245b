package dev.fusedit.trainer.eval.suite;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.google.common.base.Ascii;
import com.google.common.collect.ImmutableList;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.data.blocks.MinimalPairs;
import dev.fusedit.trainer.eval.metrics.Estimate;
import dev.fusedit.trainer.eval.metrics.Share;
import dev.fusedit.trainer.log.LinePlot;
import dev.fusedit.trainer.model.SavedModel;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.recipe.SuiteName;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// Semantic consistency by the loss: a model that understood a caption has a lower loss on its image with it than with the same caption
/// changed in one word, at equal noise. Over eight strata of noise levels, several noises in each.
///
/// On Blocks the changed caption has an image too, so images are swapped as well (the scores of Winoground, Thrush et al. 2022): `text`, each
/// image prefers its own caption (chance 1/4); `image`, each caption its own image (1/4); `group`, both (1/6). Of images of a person's own,
/// captions are changed by rules ([CaptionChanger]), and each image prefers its caption by chance in half of all cases.
///
/// @param samples pairs
record ConsistencySuite(Optional<Path> captioned, int samples, Seed seed) implements Suite.OfModel {
    static final int USUAL_SAMPLES = 96;
    private static final int STRATA = 8;
    private static final int NOISES = 2;
    private static final int FEW = 30;
    private static final int COMBINATIONS = 11;

    @Override
    public SuiteName name() { return SuiteName.CONSISTENCY; }

    @Override
    public int forwards() { return samples * STRATA * NOISES * 4; }

    /// Two captions, and the image of each; of a person's own images only of the first.
    ///
    /// @param group attribute or rule
    private record Pair(String group, String first, String second, byte[] image, Optional<byte[]> other) {}

    /// Losses by stratum: a caption with an image, in the order (first, its image), (second, its image), (first, other image), (second, other).
    private record Measured(Pair pair, double[][] losses) {
        double mean(int which) { return Arrays.stream(losses[which]).average().orElseThrow(); }

        boolean text() { return mean(0) < mean(1) && (pair.other.isEmpty() || mean(3) < mean(2)); }

        boolean image() { return mean(0) < mean(2) && mean(3) < mean(1); }

        /// What the changed word costs in a stratum, of both images where there are two.
        double gap(int stratum) {
            double own = losses[1][stratum] - losses[0][stratum];
            return pair.other.isEmpty() ? own : (own + losses[2][stratum] - losses[3][stratum]) / 2;
        }
    }

    @Override
    public void require(Recipe recipe) { CaptionedImages.require(recipe, captioned); }

    @Override
    public SuiteReport measure(SavedModel.Loaded model) {
        var notes = new ArrayList<String>();
        var pairs =
                captioned.isEmpty() && model.recipe().data().isBuiltIn() ? drawn(model.recipe().data().imageSize()) : changed(model, notes);
        var probe = ModelLosses.of(model);
        var measured = IntStream.range(0, pairs.size()).mapToObj(i -> measured(pairs.get(i), i, probe)).toList();
        return report(measured, notes);
    }

    private List<Pair> drawn(int side) {
        int each = Math.max(1, samples / COMBINATIONS);
        return MinimalPairs.draw(seed.value(), each).stream().map(pair -> {
            var images = pair.images(side);
            return new Pair(Ascii.toLowerCase(pair.attribute().name()), pair.first().text(), pair.second().text(), images.getFirst(),
                    Optional.of(images.getLast()));
        }).toList();
    }

    private List<Pair> changed(SavedModel.Loaded model, List<String> notes) {
        var data = CaptionedImages.of(model.recipe(), captioned, samples, seed);
        notes.addAll(data.notes(samples));
        var pairs = new ArrayList<Pair>();
        for (int i = 0; i < data.samples().size(); i++) {
            var sample = data.samples().get(i);
            CaptionChanger.change(sample.caption(), seed.derive("change", i))
                    .ifPresent(
                            other -> pairs.add(new Pair(other.rule(), sample.caption(), other.caption(), sample.rgb(), Optional.empty())));
        }
        int left = data.samples().size() - pairs.size();
        if (left > 0)
            notes.add("%d of %d captions name no colour, number or relation that could be changed".formatted(left, data.samples().size()));
        if (pairs.isEmpty()) throw new UserError(data.name() + ": no caption names a colour, number or relation that could be changed");
        return pairs;
    }

    private Measured measured(Pair pair, int number, ModelLosses probe) {
        var asked = new ArrayList<ModelLosses.Asked>();
        var images = pair.other.map(other -> List.of(pair.image, other)).orElse(List.of(pair.image));
        for (var image : images)
            for (var caption : List.of(pair.first, pair.second))
                for (double sigma : ModelLosses.strata(STRATA))
                    for (int noise = 0; noise < NOISES; noise++)
                        asked.add(new ModelLosses.Asked(image, caption, seed.derive("noise", number, noise), sigma));
        var losses = probe.of(asked, seed.derive("latents"));
        var means = new double[2 * images.size()][STRATA];
        for (int i = 0; i < losses.length; i++) means[i / (STRATA * NOISES)][i / NOISES % STRATA] += losses[i] / NOISES;
        return new Measured(pair, means);
    }

    private SuiteReport report(List<Measured> measured, List<String> notes) {
        boolean swapped = measured.getFirst().pair.other.isPresent();
        if (measured.size() < FEW) notes.add("%d pairs are few".formatted(measured.size()));
        notes.add("by chance: " + (swapped ? "text 0.25, image 0.25, group 0.17" : "text 0.50"));
        var json = JsonNodeFactory.instance.objectNode().put(EvaluationFile.ASKED, samples).put("pairs", measured.size())
                .put("seed", seed.value()).put("strata", STRATA).put(
                        "noises",
                        NOISES);
        var groups = groups(measured);
        var rows = new ArrayList<List<String>>();
        rows.add(swapped ? List.of("loss tells captions apart", "text", "image", "group", "pairs")
                : List.of("loss tells captions apart", "text", "pairs"));
        groups.forEach((name, some) -> {
            var row = new ArrayList<>(List.of(name));
            var of = json.putObject(name);
            scores(swapped).forEach((score, holds) -> {
                var share = new Share((int) some.stream().filter(holds).count(), some.size());
                row.add(String.format(Locale.ROOT, "%.2f (%.2f to %.2f)", share.rate(), share.low(), share.high()));
                of.set(score, share.toJson());
            });
            row.add("" + some.size());
            rows.add(row);
        });
        var gaps = IntStream.range(0, STRATA)
                .mapToObj(stratum -> Estimate.mean(measured.stream().mapToDouble(pair -> pair.gap(stratum)).toArray()))
                .toList();
        return SuiteReport.of(name(), List.of(rows, gapRows(gaps)), notes, json.set("gap_by_sigma", gapJson(gaps)))
                .plotted(List.of(plot(gaps))).headed(headline(swapped, measured));
    }

    private static Map<String, Estimate> headline(boolean swapped, List<Measured> measured) {
        var numbers = new LinkedHashMap<String, Estimate>();
        scores(swapped).forEach((score, holds) -> numbers.put(score,
                new Share((int) measured.stream().filter(holds).count(), measured.size()).estimate()));
        numbers.put("caption_gap", Estimate.mean(measured.stream()
                .mapToDouble(pair -> IntStream.range(0, STRATA).mapToDouble(pair::gap).average().orElseThrow()).toArray()));
        return numbers;
    }

    private static Map<String, List<Measured>> groups(List<Measured> measured) {
        var groups = measured.stream().collect(Collectors.groupingBy(pair -> pair.pair.group, LinkedHashMap::new, Collectors.toList()));
        groups.put("all", measured);
        return groups;
    }

    private static Map<String, Predicate<Measured>> scores(boolean swapped) {
        var scores = new LinkedHashMap<String, Predicate<Measured>>();
        scores.put("text", Measured::text);
        if (swapped) scores.put("image", Measured::image);
        if (swapped) scores.put("group", pair -> pair.text() && pair.image());
        return scores;
    }

    private static List<List<String>> gapRows(List<Estimate> gaps) {
        var rows = new ArrayList<List<String>>();
        rows.add(List.of("noise level", "caption gap"));
        for (int i = 0; i < STRATA; i++)
            rows.add(List.of(String.format(Locale.ROOT, "%.4f", ModelLosses.strata(STRATA).get(i)), gaps.get(i).text(5)));
        return rows;
    }

    private static ArrayNode gapJson(List<Estimate> gaps) {
        var array = JsonNodeFactory.instance.arrayNode();
        for (int i = 0; i < STRATA; i++) array.add(gaps.get(i).toJson().put("sigma", ModelLosses.strata(STRATA).get(i)));
        return array;
    }

    private static LinePlot plot(List<Estimate> gaps) {
        var series = new ArrayList<LinePlot.Series>();
        var x = ModelLosses.strata(STRATA).stream().mapToDouble(sigma -> sigma).toArray();
        series.add(new LinePlot.Series("caption gap", x, gaps.stream().mapToDouble(Estimate::value).toArray(), LinePlot.Mark.DOTS));
        series.add(new LinePlot.Series("95 % low", x, gaps.stream().mapToDouble(Estimate::low).toArray()));
        series.add(new LinePlot.Series("95 % high", x, gaps.stream().mapToDouble(Estimate::high).toArray()));
        return new LinePlot("what a changed word costs, by noise level", "noise level",
                "loss with the changed caption less that with its own",
                ImmutableList.copyOf(series), false, 0);
    }
}
