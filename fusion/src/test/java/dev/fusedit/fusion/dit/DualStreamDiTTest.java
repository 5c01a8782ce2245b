package dev.fusedit.fusion.dit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.collect.Range;
import dev.fusedit.fusion.dit.GradientMask.Modality;
import dev.fusedit.fusion.dit.GradientMask.Rule;
import dev.fusedit.fusion.dit.ImageBlock.Streams;
import dev.fusedit.fusion.llm.Prompt;
import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.nn.ForwardHooks;
import dev.fusedit.nn.Parameter;
import dev.fusedit.nn.Weights;
import dev.fusedit.nn.ops.Ops;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.Threads;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.fused.Fused;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Tag("numeric")
@Threads(atMost = Fused.MOST_THREADS)
@ExtendWith(NoTensorLeaks.class)
class DualStreamDiTTest {
    private static final Prompt PROMPT = Prompt.of(new long[] {2, 7, 9, 11}, new long[] {2, 5});

    private record Subject(DualStreamDiT model, Weights weights) implements AutoCloseable {
        static Subject of(DualStreamDiTConfig config) { return of(config, DTypePolicy.F32); }

        static Subject of(DualStreamDiTConfig config, DTypePolicy policy) {
            var weights = Weights.fresh(Seed.of(1), policy);
            var model = (DualStreamDiT) config.build(weights);
            Tiny.fill(weights);
            return new Subject(model, weights);
        }

        Tensor draw(Prompt prompt) { return model.forward(Tiny.latents(prompt.batch()), Tiny.times(prompt.batch()), prompt); }

        Tensor draw(TextKvCache text) { return model.image(Tiny.latents(text.batch()), Tiny.times(text.batch()), text); }

        /// Samples named do not see their text.
        Tensor draw(TextKvCache text, boolean[] textMasked) {
            var input = new ImageInput(Tiny.latents(text.batch()), Tiny.times(text.batch()), text, null,
                    new ForwardOptions(Set.of(), textMasked));
            return model.image(input, ForwardHooks.NONE, Ops.AUTOGRAD).prediction();
        }

        @Override
        public void close() { weights.close(); }
    }

    static Stream<DualStreamDiTConfig> everyCombination() {
        return Stream.of(new ImagePositions.Absolute(8, 12), new ImagePositions.Rope2d())
                .flatMap(positions -> Stream.of(new TimeConditioning.AdaLnZero(), new TimeConditioning.AdaLnSingle(),
                        new TimeConditioning.Addition(), new TimeConditioning.None())
                        .map(time -> Tiny.dualStream(positions, time, -1, positions.isRotary() ? 2 : 0)));
    }

    private static DualStreamDiTConfig usual() {
        return Tiny.dualStream(new ImagePositions.Rope2d(), new TimeConditioning.AdaLnZero(), -1, 2);
    }

    private static void assertNear(Tensor actual, Tensor expected) { assertThat(actual.allClose(expected, 1e-5, 1e-5)).isTrue(); }

    @ParameterizedTest
    @MethodSource("everyCombination")
    void cachedTextGivesExactlyWhatUncachedGives(DualStreamDiTConfig config) {
        try (var subject = Subject.of(config)) {
            var text = subject.model().text(PROMPT);
            var first = subject.draw(text);
            assertThat(first.isFinite().all().itemLong()).isOne();
            assertThat(first.sameValues(subject.draw(PROMPT))).isTrue();
            var later = subject.model().image(Tiny.latents(2), Tiny.times(2).mul(0.3), text);
            assertThat(later.allClose(first, 1e-4, 1e-4)).as("the noise level alone tells").isEqualTo(
                    config.image().time() instanceof TimeConditioning.None);
            assertThat(subject.draw(text).sameValues(first)).as("the text is not written over").isTrue();
        }
    }

    @ParameterizedTest
    @MethodSource("everyCombination")
    void neighboursInTheBatchDoNotMatter(DualStreamDiTConfig config) {
        try (var subject = Subject.of(config)) {
            var both = subject.draw(PROMPT);
            var alone = subject.model().forward(Tiny.latents(2).narrow(0, 1, 1), Tiny.times(1), PROMPT.rows(1));
            assertNear(alone, both.narrow(0, 1, 1));
        }
    }

    @ParameterizedTest
    @MethodSource("everyCombination")
    void trimmedAndSharedTextReadsTheSame(DualStreamDiTConfig config) {
        try (var subject = Subject.of(config); var _ = TensorScope.open()) {
            var text = subject.model().text(PROMPT, true, ForwardHooks.NONE);
            var shared = text.rows(1).trimmed().repeated(2);
            assertThat(shared.prompt().tokens()).isEqualTo(2);
            assertThat(shared.tensors()).hasSize(2).allMatch(each -> each.size(0) == 2 && each.size(1) == 2);
            assertNear(subject.draw(shared), subject.draw(text.rows(1, 1)));
        }
    }

    @Test
    void computedPaddingChangesNothing() {
        try (var subject = Subject.of(usual())) {
            assertNear(subject.draw(Prompt.padded(new long[][] {{2, 7, 9, 11, 0, 0}, {2, 5, 0, 0, 0, 0}}, new int[] {4, 2})),
                    subject.draw(PROMPT));
        }
    }

    @Test
    void anEmptyCaptionIsNoText() {
        try (var subject = Subject.of(usual())) {
            var empty = subject.draw(Prompt.of(new long[0], new long[] {2, 5}));
            assertThat(empty.isFinite().all().itemLong()).isOne();
            assertThat(subject.draw(Prompt.of(new long[0], new long[0])).isFinite().all().itemLong()).isOne();
            assertNear(subject.draw(subject.model().text(PROMPT), new boolean[] {true, false}), empty);
            assertThat(empty.narrow(0, 0, 1).allClose(subject.draw(PROMPT).narrow(0, 0, 1), 1e-3, 1e-3)).isFalse();
        }
    }

    @Test
    void gradientsOfAnEmptyCaptionAreFinite() {
        try (var subject = Subject.of(usual()); var _ = TensorScope.open()) {
            subject.weights().train(_ -> true);
            subject.draw(Prompt.of(new long[0], new long[0])).square().mean().backward();
            assertThat(subject.weights().all().map(Parameter::gradient).filter(Objects::nonNull))
                    .isNotEmpty().allMatch(gradient -> gradient.isFinite().all().itemLong() == 1);
        }
    }

    /// The rows of a sample, of either stream, change with the other's.
    @Test
    void bothStreamsSeeEachOther() {
        try (var subject = Subject.of(Tiny.dualStream(new ImagePositions.Absolute(8, 12), new TimeConditioning.None(), -1, 0));
                var _ = TensorScope.open()) {
            var text = subject.model().text(PROMPT);
            var image = Tensor.randn(Seed.of(7), DType.F32, 2, 12, 24);
            var pass = new ImagePass(null, null, TextVisibility.of(new Fusion.JointSelfAttention(), PROMPT, null, image),
                    GradientMask.NONE.over(PROMPT, image));
            var block = subject.model().backbone().layers().getFirst();
            var usual = block.forward(Ops.INFERENCE, new Streams(image, text.stream()), text, pass);
            var otherImage = block.forward(Ops.INFERENCE, new Streams(image.mul(-1), text.stream()), text, pass);
            var otherText = block.forward(Ops.INFERENCE, new Streams(image, text.stream().mul(-1)), text, pass);
            assertThat(otherImage.text_BTC().allClose(usual.text_BTC(), 1e-3, 1e-3)).isFalse();
            assertThat(otherText.image_BNC().allClose(usual.image_BNC(), 1e-3, 1e-3)).isFalse();
        }
    }

    @Test
    void ofTheLastBlocksTextKeysAndValuesAloneAreThere() {
        try (var subject = Subject.of(usual())) {
            assertThat(subject.weights().all().map(Parameter::name).filter(name -> name.startsWith("dit.layers.2.text.")))
                    .containsExactlyInAnyOrder("dit.layers.2.text.input_layernorm.norm.weight",
                            "dit.layers.2.text.input_layernorm.linear.weight",
                            "dit.layers.2.text.input_layernorm.linear.bias", "dit.layers.2.text.self_attn.k_norm.weight",
                            "dit.layers.2.text.self_attn.k_proj.weight", "dit.layers.2.text.self_attn.v_proj.weight");
        }
    }

    @ParameterizedTest
    @MethodSource("everyCombination")
    void everyWeightOfTheImageSideLearns(DualStreamDiTConfig config) {
        try (var subject = Subject.of(config); var _ = TensorScope.open()) {
            subject.weights().train(name -> name.startsWith("dit."));
            var text = subject.model().text(PROMPT);
            subject.draw(text).sub(1).square().mean().backward();
            assertThat(subject.weights().all().filter(p -> p.name().startsWith("dit."))).isNotEmpty()
                    .allMatch(p -> p.gradient() != null && p.gradient().abs().max().item() > 0);
            assertThat(subject.weights().all().filter(p -> p.gradient() != null)).allMatch(p -> p.name().startsWith("dit."));
        }
    }

    @Test
    void aFreshModelPredictsZero() {
        try (var weights = Weights.fresh(Seed.of(5), DTypePolicy.F32); var _ = TensorScope.open()) {
            assertThat(usual().build(weights).forward(Tiny.latents(2), Tiny.times(2), PROMPT).abs().max().item()).isZero();
        }
    }

    @Test
    void matmulsInBf16StayNear() {
        try (var exact = Subject.of(usual()); var mixed = Subject.of(usual(), DTypePolicy.MIXED)) {
            var expected = exact.draw(PROMPT);
            assertThat(mixed.draw(PROMPT).sub(expected).norm().item() / expected.norm().item()).isLessThan(0.03);
        }
    }

    @Test
    void theTextEntersOnceSoThatAMaskNamesAllLayers() {
        try (var subject = Subject.of(usual())) {
            var all = GradientMask.of(new Rule(Modality.IMAGE, Modality.TEXT, Range.closed(0, 2), 0.5));
            assertThat(subject.model().masked(all).mask()).isEqualTo(all);
            assertThatThrownBy(
                    () -> subject.model().masked(GradientMask.of(new Rule(Modality.IMAGE, Modality.TEXT, Range.singleton(1), 0.5))))
                    .isInstanceOf(UserError.class).hasMessageContaining("must be for all layers");
        }
    }

    @Test
    void whatTheHooksSeeIsNamed() {
        try (var subject = Subject.of(usual()); var _ = TensorScope.open()) {
            var seen = new LinkedHashMap<String, List<Integer>>();
            ForwardHooks hooks = (name, value) -> seen.put(name, List.of((int) value.size(1)));
            var text = subject.model().text(PROMPT, false, hooks);
            subject.model().image(Tiny.latents(2), Tiny.times(2), text, null, hooks);
            assertThat(seen).containsKeys("text.selected", "text.adapted", "patch_embed", "dit.layer.0", "dit.layer.2", "proj_out");
        }
    }

    @ParameterizedTest
    @MethodSource("everyCombination")
    void aConfigurationIsReadAsItIsWritten(DualStreamDiTConfig config) {
        var json = ModelConfigJson.json((ImageModelConfig) config);
        assertThat(json.path("model_type").asText()).isEqualTo("MMDiT");
        assertThat(ModelConfigJson.read(json, "here")).isEqualTo(config);
    }

    @Test
    void impossibleConfigurationsAreRefused() {
        assertThatThrownBy(() -> Tiny.dualStream(new ImagePositions.Rope2d(), new TimeConditioning.None(), 4, 2))
                .hasMessageContaining("hidden state must be -4 to 3, got 4");
        assertThatThrownBy(() -> Tiny.dualStream(new ImagePositions.Rope2d(), new TimeConditioning.None(), -1, -1))
                .hasMessageContaining("must not be negative");
        var json = ModelConfigJson.json(usual()).put("text_adapter_layers", -1);
        assertThatThrownBy(() -> ModelConfigJson.read(json, "here")).isInstanceOf(UserError.class)
                .hasMessageContaining("here: text-adapter");
    }

    /// Nobody sees the keys that padding rows make.
    @Test
    void gradientsDoNotReachPadding() {
        try (var subject = Subject.of(usual(), new DTypePolicy(DType.F64, DType.F64, Device.CPU));
                var _ = TensorScope.open()) {
            var text = subject.model().text(PROMPT).replaced(tensor -> tensor.detach().requiresGrad(true));
            subject.model().image(Tiny.latents(2).to(DType.F64), Tiny.times(2), text).square().mean().backward();
            var gradient = Objects.requireNonNull(text.stream()).grad();
            assertThat(gradient.narrow(0, 1, 1).narrow(1, 2, 2).abs().max().item()).isZero();
            assertThat(gradient.narrow(0, 1, 1).narrow(1, 0, 2).abs().max().item()).isPositive();
        }
    }
}
