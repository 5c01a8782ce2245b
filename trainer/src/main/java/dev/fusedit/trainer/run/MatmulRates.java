package dev.fusedit.trainer.run;

import com.google.common.collect.ImmutableMap;
import dev.fusedit.fusion.dit.DiTConfig;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.Libtorch;
import dev.fusedit.torch.MatmulRate;
import dev.fusedit.torch.PathChoice;
import dev.fusedit.trainer.model.RecipeModelConfigs;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.recipe.Run;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/// How fast this machine multiplies matrices of a recipe's own shapes in some dtypes: what `run.precision: auto` is decided by.
///
/// @param flops floating-point operations a second, by dtype
public record MatmulRates(Map<DType, Double> flops) {
    /// What bf16 must be faster by: around its products it is cast to f32 and back, which costs the quickstart about a tenth of a step.
    private static final double WORTH_IT = 1.1;
    /// Of one matmul, so that all of them together stay below a second even where a dtype is ten times too slow.
    private static final double LARGEST_PRODUCT = 1e8;
    private static final double SECONDS_EACH = 0.015;
    private static final int ROUNDS = 4;

    public MatmulRates {
        flops = ImmutableMap.copyOf(flops);
    }

    private record Shape(long rows, long in, long out) {
        Shape cut() { return new Shape(Math.clamp((long) (LARGEST_PRODUCT / (2.0 * in * out)), 1, rows), in, out); }

        double flops() { return 2.0 * rows * in * out; }
    }

    /// Measures the products of a block of the image side, as large as they are in one lane, on one thread where there are several lanes.
    /// Takes less than a second.
    ///
    /// @param lanes of the run
    public static MatmulRates of(Recipe recipe, int lanes, DType... dtypes) {
        int threads = Libtorch.threads();
        if (lanes > 1) {
            Libtorch.setThreads(1);
        }
        try {
            var shapes = shapes(recipe, lanes);
            var flops = new LinkedHashMap<DType, Double>();
            for (int round = 0; round < ROUNDS; round++) { // in turn, so that a busy moment meets all
                Arrays.stream(dtypes).forEach(dtype -> flops.merge(dtype, rate(dtype, shapes), Math::max));
            }
            return new MatmulRates(flops);
        } finally {
            Libtorch.setThreads(threads);
        }
    }

    private static List<Shape> shapes(Recipe recipe, int lanes) {
        long rows = Math.max(1, AutoSettings.samples(recipe) * AutoSettings.tokens(recipe) / lanes);
        return shapes(RecipeModelConfigs.of(recipe).image(), rows).stream().map(Shape::cut).toList();
    }

    /// Queries, keys and values; gate and up; down.
    private static List<Shape> shapes(DiTConfig dit, long rows) {
        long width = dit.width(), heads = (long) (dit.heads() + 2 * dit.kvHeads()) * dit.headDim();
        return List.of(new Shape(rows, width, heads), new Shape(rows, width, 2L * dit.intermediate()),
                new Shape(rows, dit.intermediate(), width));
    }

    private static double rate(DType dtype, List<Shape> shapes) {
        double seconds = shapes.stream()
                .mapToDouble(shape -> shape.flops() / MatmulRate.of(dtype, Device.CPU, shape.rows(), shape.in(), shape.out(), SECONDS_EACH))
                .sum();
        return shapes.stream().mapToDouble(Shape::flops).sum() / seconds;
    }

    /// How many times as fast as f32 a dtype is.
    public double overF32(DType dtype) { return rate(dtype) / rate(DType.F32); }

    private double rate(DType dtype) { return Objects.requireNonNull(flops.get(dtype)); }

    /// bf16 if it is faster here by enough, else f32. Where it is multiplied in f32 anyway nothing is left to luck.
    public Run.Precision choice() {
        return choice(PathChoice.LINEAR.dtype(DType.BF16, Device.CPU) == DType.BF16);
    }

    /// @param multiplied whether bf16 is multiplied as such
    Run.Precision choice(boolean multiplied) {
        return multiplied && overF32(DType.BF16) >= WORTH_IT ? Run.Precision.BF16 : Run.Precision.F32;
    }

    /// Whether what a recipe asks for is slower than f32 would be.
    boolean isSlow(DType dtype) { return overF32(dtype) < 1; }

    /// `bf16: this CPU multiplies it 1.9 times faster than f32`
    public String sentence(DType dtype) {
        double ratio = overF32(dtype);
        return String.format(Locale.ROOT, "%s: this CPU multiplies it %.1f times %s than f32", dtype, Math.max(ratio, 1 / ratio),
                ratio >= 1 ? "faster" : "slower");
    }
}
