package dev.fusedit.fusion.llm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusedit.fusion.dit.DiTConfig;
import dev.fusedit.fusion.dit.FuseDiT;
import dev.fusedit.fusion.dit.FuseDiTConfig;
import dev.fusedit.fusion.dit.Fusion;
import dev.fusedit.fusion.dit.ImagePositions;
import dev.fusedit.fusion.dit.SharedLayers;
import dev.fusedit.fusion.dit.TimeConditioning;
import dev.fusedit.fusion.flow.FlowMatching;
import dev.fusedit.fusion.text.SubwordTokenizer;
import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.nn.Parameter;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.FusedAdamW;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.io.TensorFiles;
import dev.fusedit.torch.io.TensorSource;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;

/// The real Gemma 3 270M, which is no part of the project: `-Dgemma.gguf=FILE -Dgemma.tokenizer=tokenizer.json -Dgemma.reference=FILE`
/// (within `-Dfusedit.test.args="…"`), the reference by `src/test/python/gemma_reference.py`.
@ExtendWith(NoTensorLeaks.class)
@EnabledIfSystemProperty(named = "gemma.gguf", matches = ".+", disabledReason = "needs -Dgemma.gguf=FILE")
class RealGemmaTest {
    private static final int PROMPTS = 4;

    private static Path given(String name) { return Path.of(System.getProperty("gemma." + name)); }

    @Test
    void nextTokensAreThoseOfTransformers() {
        try (var gemma = LanguageModels.read(given("gguf"), DTypePolicy.F32);
                var tokens = SubwordTokenizer.open(given("tokenizer"));
                var reference = TensorFiles.open(given("reference"));
                var _ = Autograd.noGrad()) {
            for (int i = 0; i < PROMPTS; i++) {
                try (var _ = TensorScope.open()) {
                    compare(gemma.model(), tokens, reference, i);
                }
            }
        }
    }

    private static void compare(LanguageModel gemma, SubwordTokenizer tokens, TensorSource reference, int number) {
        var text = new String(bytes(reference.read("text." + number)), StandardCharsets.UTF_8);
        var ids = tokens.encode(text, 4096);
        assertThat(Arrays.stream(ids).asLongStream().toArray()).isEqualTo(reference.read("ids." + number).toLongs());
        var expected = reference.read("logits." + number);
        var rows = expected.size(0);
        var hidden = gemma.forward(Prompt.of(ids)).select(0, 0);
        var logits = gemma.logits(hidden.narrow(0, hidden.size(0) - rows, rows));
        var worst = logits.sub(expected).abs().max().item();
        var top = logits.select(0, rows - 1).topk(5, 0);
        var next = top.indices().toLongs();
        System.out.printf("%d: %d tokens, next %s %s, largest difference of %d rows %.3g of %.3g%n", number, ids.length,
                Arrays.stream(next).mapToObj(id -> tokens.decode((int) id).replace('\n', '¶')).toList(),
                Arrays.toString(top.values().toFloats()), rows, worst,
                expected.abs().max().item());
        assertThat(next).isEqualTo(expected.select(0, rows - 1).topk(5, 0).indices().toLongs());
        assertThat(worst).isLessThan(1e-3);
    }

    private static byte[] bytes(Tensor text) {
        var values = text.toLongs();
        var result = new byte[values.length];
        for (int i = 0; i < result.length; i++) {
            result[i] = (byte) values[i];
        }
        return result;
    }

    @Test
    void aFusedModelOverItTrains() {
        try (var stored = LanguageModels.open(given("gguf"));
                var tokens = SubwordTokenizer.open(given("tokenizer"));
                var weights = Weights.fresh(Seed.of(1), DTypePolicy.F32)) {
            var text = stored.config();
            var image = DiTConfig.beside(text, new ImagePositions.Rope2d(), new TimeConditioning.AdaLnZero()).width(256).intermediate(512)
                    .layers(text.layers()).channels(4).qkNorm(true).sandwichNorm(true).build();
            var model = FuseDiT.of(new FuseDiTConfig(text, image, new Fusion.JointSelfAttention(), 0, new SharedLayers.All()), weights);
            weights.in("llm").load(stored.tensors(), name -> "model." + name.substring("llm.".length()));
            open(weights);
            weights.train(name -> name.startsWith("dit.") || name.startsWith("llm.layers."));
            var prompt = Prompt.of(tokens.encode("a red circle", 64), tokens.encode("two blue squares above a fox", 64));
            var clean = Tensor.randn(Seed.of(2), DType.F32, 2, 4, 16, 16);
            double before = step(model, weights, prompt, clean, true), after = step(model, weights, prompt, clean, false);
            System.out.printf("loss %.6f, after a step %.6f%n", before, after);
            assertThat(before).isFinite();
            assertThat(after).isFinite().isLessThan(before);
        }
    }

    /// What begins at 0 (modulation, the output) lets no gradient through to what lies before it.
    private static void open(Weights weights) {
        try (var _ = Autograd.noGrad(); var _ = TensorScope.open()) {
            weights.in("dit").all().map(Parameter::master).filter(value -> value.norm().item() == 0)
                    .forEach(value -> value.copyInPlace(Tensor.randn(Seed.of(4), DType.F32, value.shape()).mul(0.02)));
        }
    }

    /// The loss at one noise and time; then, if asked, a step of AdamW.
    private static double step(FuseDiT model, Weights weights, Prompt prompt, Tensor clean, boolean learn) {
        try (var _ = TensorScope.open()) {
            var loss = FlowMatching.ofThePaper().loss((noisy, times_B) -> model.forward(noisy, times_B, prompt), clean, Seed.of(3));
            if (learn) {
                loss.backward();
                learn(weights);
            }
            return loss.item();
        }
    }

    private static void learn(Weights weights) {
        try (var _ = Autograd.noGrad()) {
            var reached = weights.trainable().stream().filter(p -> p.gradient() != null).toList();
            var gradients = reached.stream().map(p -> p.compute().grad()).toList();
            var norms = gradients.stream().mapToDouble(gradient -> gradient.norm().item()).toArray();
            var nonzero = Arrays.stream(norms).filter(norm -> norm > 0).count();
            System.out.printf("%d parameters with a gradient, of %d trainable; not 0 in %d; norm %.4g%n", reached.size(),
                    weights.trainable().size(), nonzero, Math.sqrt(Arrays.stream(norms).map(norm -> norm * norm).sum()));
            assertThat(Arrays.stream(norms).allMatch(Double::isFinite)).isTrue();
            assertThat(nonzero).isEqualTo(reached.size());
            assertThat(weights.in("dit").trainable()).allMatch(p -> p.compute().grad() != null);
            assertThat(weights.parameter("llm.layers.0.mlp.down_proj.weight").compute().grad()).isNotNull();
            var moments = reached.stream().map(p -> Tensor.zeros(DType.F32, p.master().shape())).toList();
            var squares = reached.stream().map(p -> Tensor.zeros(DType.F32, p.master().shape())).toList();
            FusedAdamW.step(reached.stream().map(Parameter::master).toList(), gradients, moments, squares, 1, 1e-4,
                    new FusedAdamW.Settings(0.9, 0.999, 1e-8, 0));
        }
    }
}
