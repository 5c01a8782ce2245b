package dev.fusedit.trainer.eval.suite;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.fusedit.torch.Seed;
import dev.fusedit.trainer.eval.metrics.Estimate;
import dev.fusedit.trainer.log.LinePlot;
import dev.fusedit.trainer.model.SavedModel;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.recipe.SuiteName;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/// The flow loss of a saved model by noise level: always the same images, noise and levels for a seed. Levels lie evenly in (0, 1), so many
/// samples in each bin; nothing is weighted, so that models of different stages compare.
record LossSuite(Optional<Path> captioned, int samples, Seed seed) implements Suite.OfModel {
    static final int USUAL_SAMPLES = 512;
    static final int BINS = 8;
    private static final int FEW = 8;

    @Override
    public SuiteName name() { return SuiteName.LOSS; }

    @Override
    public int forwards() { return samples / BINS * BINS; }

    @Override
    public void require(Recipe recipe) { CaptionedImages.require(recipe, captioned); }

    @Override
    public SuiteReport measure(SavedModel.Loaded model) {
        var data = CaptionedImages.of(model.recipe(), captioned, samples, seed);
        int count = data.samples().size() / BINS * BINS;
        var asked =
                IntStream.range(0, count).mapToObj(i -> new ModelLosses.Asked(data.samples().get(i).rgb(), data.samples().get(i).caption(),
                        seed.derive("noise", i), (i + 0.5) / count)).toList();
        var losses = ModelLosses.of(model).of(asked, seed.derive("latents"));
        return report(data, count, losses);
    }

    private SuiteReport report(CaptionedImages data, int count, double[] losses) {
        var notes = new ArrayList<>(data.notes(samples));
        if (count / BINS < FEW)
            notes.add("%d samples a bin are few: intervals are wide, and may be too narrow even so".formatted(count / BINS));
        var json = JsonNodeFactory.instance.objectNode().put("data", data.name()).put(EvaluationFile.ASKED, samples).put("samples", count)
                .put("seed", seed.value());
        if (count == 0) {
            notes.add("%d samples are fewer than %d bins".formatted(data.samples().size(), BINS));
            return SuiteReport.of(name(), List.of(), notes, json);
        }
        var bins = IntStream.range(0, BINS)
                .mapToObj(bin -> Estimate.mean(Arrays.copyOfRange(losses, bin * count / BINS, (bin + 1) * count / BINS)))
                .toList();
        var mean = Estimate.meanOf(bins);
        var rows = new ArrayList<List<String>>();
        rows.add(List.of("noise level", "flow loss", "n"));
        var array = json.putArray("bins");
        for (int bin = 0; bin < BINS; bin++) {
            double from = (double) bin / BINS, to = (double) (bin + 1) / BINS;
            rows.add(List.of(String.format(Locale.ROOT, "%.3f to %.3f", from, to), bins.get(bin).text(4), "" + bins.get(bin).n()));
            array.add(bins.get(bin).toJson().put("from", from).put("to", to));
        }
        rows.add(List.of("mean of bins", mean.text(4), "" + mean.n()));
        json.set("flow", mean.toJson());
        var curve = new LinePlot.Series("flow loss", ModelLosses.strata(BINS).stream().mapToDouble(x -> x).toArray(),
                bins.stream().mapToDouble(Estimate::value).toArray(), LinePlot.Mark.DOTS);
        return SuiteReport.of(name(), List.of(rows), notes, json)
                .plotted(List.of(new LinePlot("flow loss by noise level", "noise level", "flow loss", List.of(curve), false, 0)))
                .headed(Map.of("flow", mean));
    }
}
