package dev.fusedit.trainer.eval.metrics;

import com.google.common.collect.ImmutableList;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.util.Arrays;
import java.util.Collections;
import java.util.Random;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/// A 95 % interval of a number that is no mean, such as a distance of sets: by how much it differs between random halves of the generated
/// images (the delete-half jackknife of Shao and Wu 1989, whose spread over halves is that of the whole). What a distance of fewer images is
/// larger by does not enter: it is in all halves.
public final class HalfSamples {
    private static final int HALVES = 10;
    private static final double Z = 1.959964;

    private HalfSamples() {}

    /// @param features_NF of the generated images
    /// @param metric of some of them
    public static Estimate of(Tensor features_NF, Seed seed, ToDoubleFunction<Tensor> metric) {
        return all(features_NF, seed, some -> new double[] {metric.applyAsDouble(some)}).getFirst();
    }

    /// Of numbers that come together: once of all images, and once of each half.
    ///
    /// @param metrics of some of them, always as many
    public static ImmutableList<Estimate> all(Tensor features_NF, Seed seed, Function<Tensor, double[]> metrics) {
        int count = (int) features_NF.size(0);
        var values = metrics.apply(features_NF);
        var halves = count < 8 ? new double[0][]
                : IntStream.range(0, HALVES).mapToObj(i -> half(features_NF, seed.derive("half", i), count, metrics))
                        .toArray(double[][]::new);
        return IntStream.range(0, values.length)
                .mapToObj(metric -> estimate(values[metric], Arrays.stream(halves).mapToDouble(half -> half[metric]).toArray(), count))
                .collect(ImmutableList.toImmutableList());
    }

    private static Estimate estimate(double value, double[] halves, int count) {
        if (halves.length == 0) return new Estimate(value, Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY, count);
        double mean = Arrays.stream(halves).average().orElseThrow();
        double deviation = Math.sqrt(Arrays.stream(halves).map(half -> (half - mean) * (half - mean)).sum() / (HALVES - 1));
        return new Estimate(value, value - Z * deviation, value + Z * deviation, count);
    }

    private static double[] half(Tensor features_NF, Seed seed, int count, Function<Tensor, double[]> metrics) {
        try (var _ = TensorScope.open()) {
            return metrics.apply(features_NF.indexSelect(0, Tensor.of(some(seed, count, count / 2))));
        }
    }

    /// So many of so many, drawn without repeating, in their order.
    public static long[] some(Seed seed, int all, int wanted) {
        return Arrays.stream(order(seed, all), 0, wanted).sorted().toArray();
    }

    /// All places in an order that a seed says.
    public static long[] order(Seed seed, int all) {
        var places = Arrays.asList(LongStream.range(0, all).boxed().toArray(Long[]::new));
        Collections.shuffle(places, new Random(seed.value()));
        return places.stream().mapToLong(place -> place).toArray();
    }
}
