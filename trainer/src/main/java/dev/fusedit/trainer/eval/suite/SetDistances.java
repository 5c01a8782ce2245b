package dev.fusedit.trainer.eval.suite;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.base.Ascii;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.trainer.eval.metrics.Estimate;
import dev.fusedit.trainer.eval.metrics.FeatureStatistics;
import dev.fusedit.trainer.eval.metrics.HalfSamples;
import dev.fusedit.trainer.eval.metrics.MaximumMeanDiscrepancy;
import dev.fusedit.trainer.eval.metrics.Neighbourhoods;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The distances of two sets of images by one encoder, as rows of a table and as JSON.
final class SetDistances {
    private static final int FEW = 10_000;
    private static final int MOST_NEIGHBOURS = 10_000;

    private static final List<String> NEIGHBOURS = List.of("precision", "recall", "density", "coverage");

    private final String encoder;
    private final Tensor real;
    private final Tensor generated;
    private final Seed seed;
    private final List<List<String>> rows = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();
    private final Map<String, Estimate> found = new LinkedHashMap<>();
    private final ObjectNode json;

    SetDistances(String encoder, Tensor real, Tensor generated, Seed seed, ObjectNode json) {
        this.encoder = encoder;
        this.real = real;
        this.generated = generated;
        this.seed = seed;
        this.json = json;
    }

    List<List<String>> rows() { return rows; }

    List<String> notes() { return notes; }

    /// By their keys in JSON.
    Map<String, Estimate> found() { return found; }

    /// Fréchet's, which needs many images: what it says of few is mostly their number.
    void frechet(String name) {
        long n = generated.size(0), m = real.size(0), width = real.size(1);
        if (Math.min(n, m) < 2) {
            notes.add("%s: needs two images on each side".formatted(name));
            return;
        }
        try (var _ = TensorScope.open()) {
            var reference = FeatureStatistics.of(real);
            add(name, HalfSamples.of(generated, seed, some -> FeatureStatistics.of(some).frechetDistance(reference)), 3);
        }
        if (Math.min(n, m) <= width)
            notes.add("%s: %d and %d images are too few for a covariance of %d numbers; the value is mostly their number".formatted(name, n,
                    m, width));
        else if (n < FEW) notes.add("%s: of %d images; figures of %d and more compare, of fewer they are larger".formatted(name, n, FEW));
    }

    void frechetOf(String name, long[] realPlaces, long[] generatedPlaces) {
        if (Math.min(realPlaces.length, generatedPlaces.length) < 2) return;
        try (var _ = TensorScope.open()) {
            var reference = FeatureStatistics.of(real.indexSelect(0, Tensor.of(realPlaces)));
            var value = FeatureStatistics.of(generated.indexSelect(0, Tensor.of(generatedPlaces))).frechetDistance(reference);
            rows.add(List.of(name, Estimate.mean(value).text(3), "" + generatedPlaces.length, "" + realPlaces.length));
            json.withObjectProperty("by_category").put(name, value);
        }
    }

    void discrepancy() {
        add("CMMD", HalfSamples.of(generated, seed, some -> MaximumMeanDiscrepancy.of(some, real)), 3);
        notes.add(MaximumMeanDiscrepancy.DEFINITION);
    }

    /// Of equally many on both sides.
    void neighbours() {
        int n = (int) Math.min(MOST_NEIGHBOURS, Math.min(real.size(0), generated.size(0)));
        if (n <= 2 * Neighbourhoods.NEAREST + 1) {
            notes.add("precision, recall, density, coverage: %d images are too few".formatted(n));
            return;
        }
        try (var _ = TensorScope.open()) {
            var theirs = real.indexSelect(0, Tensor.of(HalfSamples.some(seed.derive("real"), (int) real.size(0), n)));
            var ours = generated.indexSelect(0, Tensor.of(HalfSamples.some(seed.derive("generated"), (int) generated.size(0), n)));
            var found = HalfSamples.all(ours, seed, some -> {
                var near = Neighbourhoods.of(theirs, some);
                return new double[] {near.precision(), near.recall(), near.density(), near.coverage()};
            });
            for (int i = 0; i < NEIGHBOURS.size(); i++) add(NEIGHBOURS.get(i), found.get(i), 3);
        }
        notes.add("precision, recall, density, coverage: k = %d, %d images on each side; they depend on n".formatted(Neighbourhoods.NEAREST,
                n));
    }

    private void add(String name, Estimate estimate, int digits) {
        long reference = name.equals("FID") || name.equals("FD-DINOv2") || name.equals("CMMD") ? real.size(0) : estimate.n();
        rows.add(List.of(name, estimate.text(digits), "" + estimate.n(), "" + reference));
        found.put(key(name), estimate);
        json.set(key(name), estimate.toJson().put("n_reference", reference).put("encoder", encoder));
    }

    private static String key(String name) { return Ascii.toLowerCase(name).replace('-', '_'); }
}
