package dev.fusedit.fusion.vision;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.fusedit.fusion.Goldens;
import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.nn.LayerNorm;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.io.SafeTensors;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Weights and matmuls in bf16, against the golden numbers in f32 and against what transformers computes in bf16.
@Tag("numeric")
@ExtendWith(NoTensorLeaks.class)
class Bf16Test {
    private static final double LIMIT = 0.02;
    private static final double AS_GOOD = 1.2; // our rounding errors, in transformers'
    private static final DTypePolicy BF16 = new DTypePolicy(DType.BF16, DType.BF16, Device.CPU);

    private enum Kind {
        ALL(BF16), MATMULS(DTypePolicy.MIXED);

        private final DTypePolicy policy;

        Kind(DTypePolicy policy) { this.policy = policy; }
    }

    private static JsonNode config(Path folder) throws IOException {
        return new JsonMapper().readTree(folder.resolve("config.json").toFile());
    }

    /// Relative, in L2.
    private static double error(Tensor actual, Tensor expected) {
        assertThat(actual.shape()).isEqualTo(expected.shape());
        return Math.sqrt(actual.to(DType.F32).sub(expected).square().sum().item() / expected.square().sum().item());
    }

    /// Rounding errors of all outputs of a model together. Those of one output with few numbers (a text's one vector) scatter by a fifth
    /// with the order of sums alone: the four CLIP models' embeddings have 0.88 to 1.21 times transformers' error, 0.98 on the whole.
    private static final class Errors {
        private final SafeTensors exact;
        private final Path folder;
        private double ours;
        private double theirs;

        Errors(SafeTensors exact, Path folder) {
            this.exact = exact;
            this.folder = folder;
        }

        void add(String name, Tensor actual) {
            assertThat(actual.dtype()).isEqualTo(DType.BF16);
            var own = error(actual, exact.read(name));
            assertThat(own).as(name).isLessThan(LIMIT);
            try (var golden = SafeTensors.open(folder.resolve("bf16.safetensors"))) {
                assertThat(error(actual, golden.read(name))).as(name).isLessThan(LIMIT);
                ours = Math.hypot(ours, own);
                theirs = Math.hypot(theirs, error(golden.read(name), exact.read(name)));
            }
        }

        void requireAsGood() { assertThat(ours).isLessThan(AS_GOOD * theirs); }
    }

    @ParameterizedTest
    @ValueSource(strings = {"plain", "gated", "registers"})
    void dinoSeesTheSame(String name) throws IOException {
        var folder = Goldens.folder("dinov2/" + name);
        for (var kind : Kind.values()) {
            try (var stored = SafeTensors.open(folder.resolve("weights.safetensors"));
                    var io = SafeTensors.open(folder.resolve("io.safetensors"));
                    var weights = Weights.stored(stored, kind.policy);
                    var _ = Autograd.noGrad();
                    var _ = TensorScope.open()) {
                var model = DinoModel.of(DinoConfig.of(config(folder), name), weights);
                weights.requireComplete();
                var errors = new Errors(io, folder);
                for (var image : new String[] {"trained", "larger", "smaller", "same_count", "odd"}) {
                    errors.add(image + ".last_hidden_state", model.forward(io.read(image + ".pixel_values")));
                }
                errors.requireAsGood();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"legacy_gelu", "legacy_quick_gelu", "modern_gelu", "modern_quick_gelu"})
    void clipReadsTheSame(String name) throws IOException {
        var folder = Goldens.folder("clip/" + name);
        for (var kind : Kind.values()) {
            try (var stored = SafeTensors.open(folder.resolve("weights.safetensors"));
                    var io = SafeTensors.open(folder.resolve("io.safetensors"));
                    var weights = Weights.stored(ClipTextModel.named(stored), kind.policy);
                    var _ = Autograd.noGrad();
                    var _ = TensorScope.open()) {
                var model = ClipTextModel.of(ClipTextConfig.of(config(folder), name), weights);
                weights.requireComplete();
                var output = model.forward(rows(io.read("input_ids")));
                var errors = new Errors(io, folder);
                errors.add("nomask.last_hidden_state", output.last_BTC());
                errors.add("nomask.text_embeds", output.embeds_BO());
                errors.requireAsGood();
            }
        }
    }

    private static long[][] rows(Tensor ids) {
        return IntStream.range(0, (int) ids.size(0)).mapToObj(i -> ids.select(0, i).contiguous().toLongs()).toArray(long[][]::new);
    }

    /// The smallest f32 is minus infinity in bf16, and a row of those has no softmax.
    @ParameterizedTest
    @EnumSource(Kind.class)
    void aRowThatSeesNothingIsStillANumber(Kind kind) throws IOException {
        var folder = Goldens.folder("clip/modern_gelu");
        try (var stored = SafeTensors.open(folder.resolve("weights.safetensors"));
                var weights = Weights.stored(ClipTextModel.named(stored), kind.policy);
                var _ = Autograd.noGrad();
                var _ = TensorScope.open()) {
            var model = ClipTextModel.of(ClipTextConfig.of(config(folder), "x"), weights);
            var output = model.forward(new long[][] {{97, 5, 98}}, new long[][] {{0, 1, 1}}, (_, _) -> {});
            assertThat(Arrays.stream(output.last_BTC().to(DType.F32).toDoubles()).allMatch(Double::isFinite)).isTrue();
        }
    }

    /// Large states and tiny differences: the sums of a norm need more digits than bf16 has.
    @Test
    void normsAreSummedInF32() {
        try (var _ = TensorScope.open()) {
            var x = Tensor.randn(Seed.of(1), DType.F32, 4, 1024).add(3).to(DType.BF16);
            var norm = new LayerNorm(Tensor.ones(DType.BF16, 1024), Tensor.zeros(DType.BF16, 1024), 1e-6);
            var exact = new LayerNorm(Tensor.ones(DType.F32, 1024), Tensor.zeros(DType.F32, 1024), 1e-6);
            assertThat(error(norm.apply(x), exact.apply(x.to(DType.F32)))).isLessThan(0.003);
            var scores = x.mul(2);
            assertThat(error(scores.softmax(-1), scores.to(DType.F32).softmax(-1))).isLessThan(0.003);
        }
    }
}
