package dev.fusedit.trainer.plan;

import com.google.common.collect.ImmutableSet;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.MatmulRate;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.recipe.Run;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// How fast this machine is at what a recipe does: matmuls of its shapes, and moving bytes. On its CPU, whatever device the recipe
/// names.
///
/// @param rates floating-point operations a second, by shape
/// @param otherwise of shapes that were not measured: the mean of those that were, by work
/// @param bandwidth bytes a second that an addition of large arrays reads and writes
/// @param largest the largest product in f32, in bf16 and in the recipe's own dtype, floating-point operations a second
/// @param busyness of the machine while it was measured
public record Calibration(Map<Key, Double> rates, double otherwise, double bandwidth, Map<DType, Double> largest, Busyness busyness) {
    private static final double SECONDS = 12;
    private static final double SECONDS_EACH = 0.3;
    private static final double FLOPS_AT_ONCE = 3e9;
    private static final long LONGEST_SIDE = 8192;
    private static final int ELEMENTS = 1 << 24;

    /// How often a byte that a graph keeps is moved: written and read forward, read backward, and the same of its gradient.
    private static final double MOVES = 8;
    /// AdamW reads weight, gradient and two moments, and writes three of them; norm, clip, copies and average come to as much again.
    private static final double MOVES_OF_A_PARAMETER = 14;

    /// Products of one shape, rows and long sides cut to what can be tried.
    public record Key(long rows, long in, long out) {
        static Key of(Matmul matmul) {
            long in = Math.min(matmul.in(), LONGEST_SIDE), out = Math.min(matmul.out(), LONGEST_SIDE);
            return new Key(Math.clamp((long) (FLOPS_AT_ONCE / (2.0 * in * out)), 1, Math.max(1, matmul.rows())), in, out);
        }

        double flops() { return 2.0 * rows * in * out; }
    }

    static Calibration of(Recipe recipe, List<Plan.StageEstimate> stages) {
        var work = new LinkedHashMap<Key, Double>();
        stages.forEach(stage -> stage.work().matmuls().forEach(matmul -> work.merge(Key.of(matmul), matmul.flops(), Double::sum)));
        var dtype = dtype(recipe.run().precision());
        var load = Busyness.Load.now();
        var spreads = new ArrayList<Busyness.Spread>();
        var rates = new LinkedHashMap<Key, Double>();
        var end = System.nanoTime() + (long) (SECONDS * 1e9);
        var keys = work.keySet().stream().sorted(Comparator.comparingDouble((Key key) -> work.get(key)).reversed()).toList();
        var largest = new LinkedHashMap<DType, Double>();
        for (var each : ImmutableSet.of(DType.F32, DType.BF16, dtype)) largest.put(each, rate(keys.getFirst(), each));
        for (var key : keys) {
            if (System.nanoTime() > end) break;
            var spread = spread(key, dtype);
            rates.put(key, key.flops() / spread.least());
            spreads.add(spread);
        }
        double measured = rates.keySet().stream().mapToDouble(work::get).sum();
        double seconds = rates.entrySet().stream().mapToDouble(rate -> work.get(rate.getKey()) / rate.getValue()).sum();
        return new Calibration(rates, measured / seconds, measuredBandwidth(), largest, new Busyness(load, spreads));
    }

    static DType dtype(Run.Precision precision) {
        return switch (precision) {
            case AUTO -> throw precision.open();
            case F32 -> DType.F32;
            case BF16, PURE_BF16 -> DType.BF16;
            case F16 -> DType.F16;
            case F64 -> DType.F64;
        };
    }

    private static double rate(Key key, DType dtype) { return key.flops() / spread(key, dtype).least(); }

    private static Busyness.Spread spread(Key key, DType dtype) {
        try (var _ = TensorScope.open(); var _ = Autograd.noGrad()) {
            var left = Tensor.full(0.5, dtype, key.rows(), key.in());
            var right = Tensor.full(0.25, dtype, key.out(), key.in());
            return spread(() -> left.linear(right, null));
        }
    }

    private static double measuredBandwidth() {
        try (var _ = TensorScope.open(); var _ = Autograd.noGrad()) {
            var left = Tensor.zeros(DType.F32, ELEMENTS);
            var right = Tensor.ones(DType.F32, ELEMENTS);
            return 3.0 * 4 * ELEMENTS / spread(() -> left.add(right)).least();
        }
    }

    /// Of some runs, after one that does not count.
    private static Busyness.Spread spread(Runnable op) { return Busyness.Spread.of(MatmulRate.seconds(op, SECONDS_EACH)); }

    /// Of a step of a stage on this machine.
    public double secondsPerStep(Plan.StageEstimate stage) {
        double matmuls = stage.work().matmuls().stream().mapToDouble(p -> p.flops() / rates.getOrDefault(Key.of(p), otherwise)).sum();
        if (stage.plan().stage().checkpointing()) matmuls *= 4.0 / 3;
        double moved = MOVES * stage.memory().kept() * stage.plan().stage().accumulation() + 4 * MOVES_OF_A_PARAMETER * stage.trainable();
        return matmuls + moved / bandwidth;
    }

    public double seconds(List<Plan.StageEstimate> stages) {
        return stages.stream().mapToDouble(stage -> stage.plan().steps() * secondsPerStep(stage)).sum();
    }
}
