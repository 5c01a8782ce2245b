package dev.fusedit.trainer.optim;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.primitives.Longs;
import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.nn.Init;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Lanes;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.io.SafeTensors;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Against second implementations (optimizer_goldens.py): torch's AdamW, transformers' Adafactor, a Muon in f64, and torch's own in bf16.
@Tag("training")
@ExtendWith(NoTensorLeaks.class)
class OptimizersTest {
    private static final double RATE = 0.02;
    private static final double DECAY = 0.1;
    private static final int STEPS = 5;
    private static final Lanes LANES = Lanes.of(2);

    private static SafeTensors goldens() {
        try {
            return SafeTensors.open(
                    Path.of(Objects.requireNonNull(OptimizersTest.class.getResource("/goldens/optim/steps.safetensors")).toURI()));
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Optimizer optimizer(String kind, OptimizerState optimizerState, DType matmulDType) {
        var adamW = new AdamW(0.9, 0.95, 1e-8, optimizerState);
        return switch (kind) {
            case "adamw" -> adamW;
            case "adafactor" -> new Adafactor(-0.8, 1e-30, 1, optimizerState);
            default -> new Muon(0.95, 5, matmulDType, LANES, adamW);
        };
    }

    private static List<String> weights(String kind) {
        return kind.startsWith("muon") ? List.of("wide", "tall") : List.of("wide", "tall", "kernel", "vector");
    }

    /// Muon takes matrices within layers only.
    private static String parameter(String name) { return "dit.layers.0." + name; }

    @ParameterizedTest
    @CsvSource({"adamw, f64, 1e-12", "adamw, f32, 1e-6", "adafactor, f64, 1e-6", "adafactor, f32, 2e-6", "muon, f64, 1e-12",
        "muon, f32, 2e-6",
        "muon_bf16, bf16, 4e-3"})
    void stepsAreThoseOfASecondImplementation(String kind, String precision, double tolerance) {
        var matmulDType = DType.valueOf(precision.toUpperCase(java.util.Locale.ROOT));
        try (var goldens = goldens(); var optimizerState = new OptimizerState()) {
            var optimizer = optimizer(kind, optimizerState, matmulDType);
            var weights = new LinkedHashMap<String, Tensor>();
            weights(kind).forEach(name -> weights.put(name, goldens.read("start." + name).to(matmulDType.wide())));
            for (int step = 0; step < STEPS; step++) {
                var updates = new ArrayList<Update>();
                for (var name : weights.keySet()) {
                    updates.add(new Update(parameter(name), weights.get(name),
                            goldens.read("gradient." + name + "." + step).to(matmulDType.wide()), RATE, DECAY));
                }
                optimizer.step(updates);
                for (var name : weights.keySet()) {
                    var expected = goldens.read(kind + "." + name + "." + step).to(matmulDType.wide());
                    double worst = weights.get(name).sub(expected).abs().max().item();
                    assertThat(worst).as("%s, step %s", name, step).isLessThan(tolerance);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"wide", "tall"})
    void newtonSchulzComesNearTheOrthogonalFactor(String name) {
        try (var goldens = goldens()) {
            var matrix = goldens.read("gradient." + name + ".0");
            boolean tall = matrix.size(0) > matrix.size(1);
            var lying_NRC = Tensor.stack(0, tall ? matrix.transpose(0, 1) : matrix, Tensor.ones(DType.F64, Longs.min(matrix.shape()),
                    Longs.max(matrix.shape())));
            var first_RC = NewtonSchulz.orthogonal(lying_NRC, 5).select(0, 0);
            var ours = tall ? first_RC.transpose(0, 1) : first_RC;
            assertThat(ours.allClose(goldens.read("orthogonal." + name), 1e-12, 1e-12)).isTrue();
            var exact = goldens.read("svd." + name);
            double cosine = ours.mul(exact).sum().item() / ours.norm().item() / exact.norm().item();
            assertThat(cosine).as("of the angle to the factor by a singular value decomposition").isGreaterThan(0.97);
        }
    }

    /// Embeddings, vectors, the patches and the last layer are AdamW's.
    @Test
    void muonLeavesAllButHiddenMatricesToAdamW() {
        try (var optimizerState = new OptimizerState()) {
            var names = Map.of("llm.embed_tokens.weight", new long[] {5, 4}, "dit.layers.1.norm.weight", new long[] {4},
                    "dit.patch_embed.proj.weight", new long[] {4, 3, 2, 2}, "dit.proj_out.weight", new long[] {6, 4},
                    "dit.timestep_embedder.0.weight", new long[] {4, 8}, "alignment.repa.0.weight", new long[] {4, 4},
                    "llm.layers.0.mlp.up_proj.weight", new long[] {8, 4}, "dit.layers.10.self_attn.q_proj.weight", new long[] {4, 4});
            var updates = names.entrySet().stream().map(entry -> new Update(entry.getKey(),
                    Tensor.ones(DType.F32, entry.getValue()), Tensor.ones(DType.F32, entry.getValue()), 0.1, 0)).toList();
            optimizer("muon", optimizerState, DType.F32).step(updates);
            assertThat(optimizerState.state().keySet().stream().filter(name -> name.endsWith(".momentum_buffer")))
                    .containsExactly("dit.layers.10.self_attn.q_proj.weight.momentum_buffer",
                            "llm.layers.0.mlp.up_proj.weight.momentum_buffer");
            assertThat(optimizerState.state().keySet().stream().filter(name -> name.endsWith(".exp_avg"))).hasSize(6);
            assertThat(optimizerState.steps()).hasSize(8);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"adamw", "adafactor", "muon"})
    void goesOnToTheBitAfterItsStateWasSaved(String kind, @TempDir Path folder) throws IOException {
        var file = folder.resolve("optimizer.safetensors");
        try (var weights = Weights.fresh(Seed.of(1), DTypePolicy.F32);
                var optimizerState = new OptimizerState();
                var restored = new OptimizerState()) {
            var layer = weights.in("dit.layers.0");
            layer.get("matrix", Init.XAVIER, 6, 4);
            layer.get("late", Init.XAVIER, 3, 4);
            layer.get("norm", Init.ONES, 4);
            var optimizer = optimizer(kind, optimizerState, DType.F32);
            for (int step = 0; step < 3; step++) {
                optimizer.step(updates(weights, step, step == 0 ? "late" : ""));
            }
            SafeTensors.write(file, optimizerState.state(), Map.of());
            var before = copies(weights);
            optimizer.step(updates(weights, 3, ""));
            var expected = copies(weights);

            weights.all().forEach(parameter -> parameter.master().copyInPlace(before.get(parameter.name())));
            try (var saved = SafeTensors.open(file)) {
                restored.load(saved, optimizerState.steps().entrySet().stream()
                        .collect(java.util.stream.Collectors.toMap(Map.Entry::getKey, entry -> entry.getValue() - 1)), weights);
            }
            assertThat(restored.steps()).containsEntry("dit.layers.0.late", 2L).containsEntry("dit.layers.0.norm", 3L);
            optimizer(kind, restored, DType.F32).step(updates(weights, 3, ""));
            expected.forEach((name, value) -> assertThat(weights.parameter(name).master().sameValues(value)).as(name).isTrue());
            optimizerState.state().forEach((name, value) -> assertThat(restored.state().get(name).sameValues(value)).as(name).isTrue());
        }
    }

    private static List<Update> updates(Weights weights, int step, String without) {
        return weights.all().filter(parameter -> without.isEmpty() || !parameter.name().endsWith(without))
                .map(parameter -> new Update(parameter.name(), parameter.master(),
                        Tensor.randn(Seed.of(9).derive(parameter.name(), step), DType.F32, parameter.master().shape()), RATE, DECAY))
                .toList();
    }

    private static Map<String, Tensor> copies(Weights weights) {
        var copies = new LinkedHashMap<String, Tensor>();
        weights.all().forEach(parameter -> copies.put(parameter.name(), parameter.master().copy()));
        return copies;
    }

    @Test
    void momentsAreKeptForParametersThatTrainOn() {
        try (var optimizerState = new OptimizerState(); var _ = TensorScope.open()) {
            var one = new Update("a.w", Tensor.ones(DType.F32, 2), Tensor.ones(DType.F32, 2), 0.1, 0);
            var other = new Update("b.w", Tensor.ones(DType.F32, 2), Tensor.ones(DType.F32, 2), 0.1, 0);
            optimizer("adamw", optimizerState, DType.F32).step(List.of(one, other));
            optimizerState.retain(name -> name.startsWith("b."));
            assertThat(optimizerState.state()).containsOnlyKeys("b.w.exp_avg", "b.w.exp_avg_sq");
            assertThat(optimizerState.steps()).containsOnlyKeys("b.w");
            optimizerState.clear();
            assertThat(optimizerState.state()).isEmpty();
            assertThat(optimizerState.bytes()).isZero();
        }
    }
}
