package dev.fusedit.fusion.dit;

import static dev.fusedit.fusion.dit.GradientMask.Modality.IMAGE;
import static dev.fusedit.fusion.dit.GradientMask.Modality.TEXT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.google.common.collect.Range;
import dev.fusedit.fusion.dit.GradientMask.Rule;
import dev.fusedit.fusion.llm.Prompt;
import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.nn.ForwardHooks;
import dev.fusedit.nn.KeyValues;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.Kernels;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.Threads;
import dev.fusedit.torch.fused.Fused;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Tag("numeric")
@Tag("training")
@Threads(atMost = Fused.MOST_THREADS)
@ExtendWith(NoTensorLeaks.class)
class GradientMaskTest {
    private static final DTypePolicy EXACT = new DTypePolicy(DType.F64, DType.F64, Device.CPU);
    private static final Prompt PROMPT = Prompt.of(new long[] {2, 7, 9, 11}, new long[] {2, 5});
    /// The block that is masked.
    private static final int BLOCK = 1;

    /// A model that learns whole.
    private record Subject(ImageModel model, Weights weights) implements AutoCloseable {
        static Subject of(ImageModelConfig config, DTypePolicy policy) {
            var weights = Weights.fresh(Seed.of(1), policy);
            var model = config.build(weights);
            Tiny.fill(weights);
            weights.train(_ -> true);
            return new Subject(model, weights);
        }

        /// Gradients by name of a flow loss, a language loss on the captions, or both; those that are null or all 0 are left out.
        Map<String, Tensor> gradients(GradientMask mask, boolean flow, boolean language) {
            weights.clearGradients();
            var masked = model.masked(mask);
            var text = masked.text(PROMPT, language, ForwardHooks.NONE);
            var loss = Tensor.zeros(weights.policy().compute(), 1).sum();
            if (flow) {
                loss = loss.add(flow(masked, text));
            }
            if (language) {
                loss = loss.add(language(masked, Objects.requireNonNull(text.output())));
            }
            loss.backward();
            var found = new LinkedHashMap<String, Tensor>();
            weights.all().filter(p -> p.gradient() != null && p.gradient().abs().max().item() > 0)
                    .forEach(p -> found.put(p.name(), p.gradient().copy()));
            return found;
        }

        private static Tensor flow(ImageModel model, TextKvCache text) {
            var dtype = model.dit().patches().weight_OIPP().dtype();
            return model.image(Tiny.latents(2).to(dtype), Tiny.times(2), text).sub(1).square().mean();
        }

        private static Tensor language(ImageModel model, Tensor output) {
            return model.llm().logits(output).logSoftmax(-1).square().mean();
        }

        @Override
        public void close() { weights.close(); }
    }

    static Stream<ImageModelConfig> models() {
        return Stream.of(new Fusion.JointSelfAttention(), new Fusion.CrossAttention()).flatMap(fusion -> Stream.of(fused(fusion),
                Tiny.baseline(fusion, -1)));
    }

    /// Also those that give blocks no keys and values of the text.
    static Stream<ImageModelConfig> everyModel() {
        return Stream.concat(models(), Stream.of(Tiny.dualStream(new ImagePositions.Rope2d(), new TimeConditioning.AdaLnZero(), -1, 2)));
    }

    private static FuseDiTConfig fused(Fusion fusion) {
        return Tiny.config(fusion, new ImagePositions.Rope2d(), new TimeConditioning.AdaLnZero(), 3, 3, 0, new SharedLayers.All());
    }

    // ---- against finite differences

    /// The loss as a function of two copies of a parameter: the keys and values that the masked block reads of the text are computed with
    /// one, all else with the other.
    private static double loss(Subject subject, String name, Tensor read, Tensor rest) {
        try (var _ = Autograd.noGrad(); var _ = TensorScope.open()) {
            var parameter = subject.weights().parameter(name).master();
            var before = parameter.copy();
            parameter.copyInPlace(read);
            var looked = subject.model().text(PROMPT).blocks().get(BLOCK);
            parameter.copyInPlace(rest);
            var text = subject.model().text(PROMPT, true, ForwardHooks.NONE);
            var blocks = new ArrayList<KeyValues>(text.blocks());
            blocks.set(BLOCK, looked);
            var mixed = new TextKvCache(new TextKvCache.PerBlock(blocks), text.prompt(), text.imageStarts(), text.output());
            var loss = Subject.flow(subject.model(), mixed).add(Subject.language(subject.model(), Objects.requireNonNull(text.output())));
            parameter.copyInPlace(before);
            return loss.item();
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void theGradientIsTheSumOverCopiesTimesTheirFactors(ImageModelConfig config) {
        try (var subject = Subject.of(config, EXACT)) {
            double image = 0.3, text = 0.6, step = 1e-5;
            var mask = config instanceof FuseDiTConfig
                    ? GradientMask.of(new Rule(IMAGE, TEXT, Range.singleton(BLOCK), image),
                            new Rule(TEXT, TEXT, Range.singleton(BLOCK), text))
                    : GradientMask.of(new Rule(IMAGE, TEXT, Range.singleton(BLOCK), image));
            var ofRest = config instanceof FuseDiTConfig ? text : 1; // a baseline's hidden state is not keys and values of that layer
            var found = subject.gradients(mask, true, true);
            for (var part : List.of("k_proj", "v_proj")) {
                var name = "llm.layers." + BLOCK + ".self_attn." + part + ".weight";
                var at = subject.weights().parameter(name).master().detach().copy();
                var direction = Tensor.randn(Seed.of(5), DType.F64, at.shape());
                Tensor up = at.addScaled(direction, step), down = at.addScaled(direction, -step);
                var byRead = (loss(subject, name, up, at) - loss(subject, name, down, at)) / (2 * step);
                var byRest = (loss(subject, name, at, up) - loss(subject, name, at, down)) / (2 * step);
                assertThat(Math.min(Math.abs(byRead), Math.abs(byRest))).as("both copies matter").isGreaterThan(1e-4);
                assertThat(found.get(name).mul(direction).sum().item()).as(part).isCloseTo(image * byRead + ofRest * byRest,
                        within(1e-6 * (Math.abs(byRead) + Math.abs(byRest))));
            }
        }
    }

    /// In one layer; and image at text in all of them, since no gradient passes there twice.
    static Stream<Rule> single() {
        return Stream.of(new Rule(TEXT, TEXT, Range.singleton(BLOCK), 0.3), new Rule(IMAGE, TEXT, Range.singleton(BLOCK), 0.3),
                new Rule(IMAGE, IMAGE, Range.singleton(BLOCK), 0.3), new Rule(IMAGE, TEXT, 0.3));
    }

    @ParameterizedTest
    @MethodSource("models")
    void theGradientIsLinearInAFactor(ImageModelConfig config) {
        try (var subject = Subject.of(config, EXACT)) {
            var whole = subject.gradients(GradientMask.NONE, true, true);
            single().forEach(rule -> {
                var none = subject.gradients(GradientMask.of(new Rule(rule.queries(), rule.keys(), rule.layers(), 0)), true, true);
                var part = subject.gradients(GradientMask.of(rule), true, true);
                whole.forEach((name, gradient) -> {
                    var stopped = none.containsKey(name) ? none.get(name).mul(1 - rule.factor()) : gradient.mul(0);
                    assertThat(part.get(name).allClose(stopped.add(gradient.mul(rule.factor())), 1e-9, 1e-12)).as("%s %s", rule, name)
                            .isTrue();
                });
                assertThat(whole.keySet()).as("%s changes something", rule)
                        .anyMatch(name -> !none.containsKey(name) || !none.get(name).allClose(whole.get(name), 1e-6, 1e-9));
            });
        }
    }

    // ---- the table of the Javadoc

    private static final Predicate<String> LLM = name -> name.startsWith("llm.");
    private static final Predicate<String> LLM_KEYS = name -> name.matches("llm\\.layers\\.\\d+\\.self_attn\\.[kv]_(proj|norm)\\..*");
    private static final Predicate<String> IMAGE_KEYS =
            name -> name.matches("dit\\.layers\\.\\d+\\.(image\\.)?self_attn\\.[kv]_(proj|norm)\\..*");
    /// What the flow loss does not reach in the last shared layer.
    private static final Predicate<String> BEYOND = name -> name.matches(
            "llm\\.(norm|layers\\.2\\.(self_attn\\.[qo]_|mlp|post_|pre_)).*");

    @ParameterizedTest
    @MethodSource("everyModel")
    void whatStillLearnsIsAsTheTableSays(ImageModelConfig config) {
        try (var subject = Subject.of(config, DTypePolicy.F32)) {
            var reached = config instanceof FuseDiTConfig ? LLM.and(BEYOND.negate()) : LLM;
            var dit = LLM.negate();
            // a baseline norms text keys with the block's own norm where both share one attention
            Predicate<String> keysOfImage = config instanceof TextDiTConfig && config.fusion() instanceof Fusion.JointSelfAttention
                    ? IMAGE_KEYS.and(name -> !name.contains("k_norm"))
                    : IMAGE_KEYS;
            assertLearns(subject, GradientMask.NONE, dit.or(reached), LLM);
            assertLearns(subject, GradientMask.insulateLlm(0), dit, LLM);
            assertLearns(subject, GradientMask.textOnly(0), dit.and(keysOfImage.negate()).or(reached), LLM);
            assertLearns(subject, GradientMask.imageOnly(0), dit, LLM.and(LLM_KEYS.negate()));
        }
    }

    private static void assertLearns(Subject subject, GradientMask mask, Predicate<String> byFlow, Predicate<String> byLanguage) {
        var names = subject.weights().all().map(p -> p.name()).toList();
        assertThat(subject.gradients(mask, true, false).keySet()).as("flow, %s", mask)
                .containsExactlyElementsOf(names.stream().filter(byFlow).toList());
        assertThat(subject.weights().all().filter(p -> p.gradient() != null).map(p -> p.name())).as("the others have none at all, %s", mask)
                .containsExactlyElementsOf(names.stream().filter(byFlow).toList());
        assertThat(subject.gradients(mask, false, true).keySet()).as("language, %s", mask)
                .containsExactlyElementsOf(names.stream().filter(byLanguage).toList());
    }

    @Test
    void theLanguageModelAloneIsNeverMasked() {
        try (var subject = Subject.of(fused(new Fusion.JointSelfAttention()), DTypePolicy.F32);
                var pass = subject.model().masked(GradientMask.imageOnly(0)).pass(false)) {
            pass.backward(Subject.language(subject.model(), pass.language(PROMPT)));
            assertThat(subject.weights().all().filter(p -> LLM_KEYS.test(p.name()))).allMatch(p -> p.gradient() != null);
        }
    }

    // ---- forward, caches

    @ParameterizedTest
    @MethodSource("everyModel")
    void forwardNoBitChanges(ImageModelConfig config) {
        for (var policy : List.of(DTypePolicy.F32, DTypePolicy.MIXED, EXACT, new DTypePolicy(DType.F32, DType.F16, Device.CPU))) {
            try (var subject = Subject.of(config, policy)) {
                var latents = Tiny.latents(2).to(policy.compute());
                var expected = subject.model().image(latents, Tiny.times(2), subject.model().text(PROMPT));
                assertThat(expected.requiresGrad()).isTrue();
                var byKernels = (policy.compute() == DType.F32 || policy.compute() == DType.BF16) && Kernels.expected();
                var inTraining = inTraining(subject.model(), latents, byKernels);
                for (var factor : List.of(0.0, 0.1, 0.7)) {
                    for (var mask : List.of(GradientMask.insulateLlm(factor), GradientMask.textOnly(factor), GradientMask.imageOnly(factor),
                            GradientMask.NONE.with(new GradientMask.Tokens(factor, factor, factor)))) {
                        var model = subject.model().masked(mask);
                        assertThat(model.image(latents, Tiny.times(2), model.text(PROMPT)).sameValues(expected)).as("%s", mask).isTrue();
                        assertThat(inTraining(model, latents, byKernels).sameValues(inTraining)).as("%s in training", mask)
                                .isTrue();
                    }
                }
            }
        }
    }

    /// As a training step does it.
    private static Tensor inTraining(ImageModel model, Tensor latents, boolean byKernels) {
        try (var scope = TensorScope.open(); var pass = model.pass(false)) {
            var made = pass.image(latents, Tiny.times(2), pass.text(PROMPT, false), null, ForwardOptions.NONE).prediction();
            TrainingPassTest.assertWay(pass.ops(), byKernels);
            return scope.keep(made.detach().copy());
        }
    }

    /// Who wants the text's output has its rows in equal length; in any other case they lie in one row, and their tokens' factors with them.
    @Test
    void packedTextIsMaskedAsRowsOfEqualLengthAre() {
        var prompt = PROMPT.withInstructions(1, 1).withDropped(false, true);
        var mask = GradientMask.imageOnly(0.5).with(new GradientMask.Tokens(0.25, 0, 0.125));
        try (var subject = Subject.of(fused(new Fusion.JointSelfAttention()), EXACT)) {
            var model = subject.model().masked(mask);
            var found = new ArrayList<Map<String, Tensor>>();
            for (var inRows : List.of(true, false)) {
                subject.weights().clearGradients();
                Subject.flow(model, model.text(prompt, inRows, ForwardHooks.NONE)).backward();
                var gradients = new LinkedHashMap<String, Tensor>();
                subject.weights().all().filter(p -> p.gradient() != null).forEach(p -> gradients.put(p.name(), p.gradient().copy()));
                found.add(gradients);
            }
            assertThat(found.getFirst().keySet()).isEqualTo(found.getLast().keySet()).anyMatch(LLM_KEYS);
            found.getFirst().forEach((name, gradient) -> assertThat(gradient.allClose(found.getLast().get(name), 1e-9, 1e-13)).as(name)
                    .isTrue());
        }
    }

    @ParameterizedTest
    @MethodSource("everyModel")
    void aCachedTextLearnsAsOneThatIsComputedEachTime(ImageModelConfig config) {
        var mask = GradientMask.of(new Rule(IMAGE, TEXT, 0.2), new Rule(TEXT, TEXT, Range.closed(0, 1), 0.5), new Rule(IMAGE, IMAGE, 0.7));
        try (var subject = Subject.of(config, EXACT)) {
            var model = subject.model().masked(mask);
            var found = new ArrayList<Map<String, Tensor>>();
            for (var cached : List.of(true, false)) {
                subject.weights().clearGradients();
                var text = model.text(PROMPT);
                var latents = Tiny.latents(2).to(DType.F64);
                var first = model.image(latents, Tiny.times(2), text);
                var second = model.image(latents.mul(0.5), Tiny.times(2).mul(0.3), cached ? text : model.text(PROMPT));
                first.square().mean().add(second.mean()).backward();
                var gradients = new LinkedHashMap<String, Tensor>();
                subject.weights().all().filter(p -> p.gradient() != null).forEach(p -> gradients.put(p.name(), p.gradient().copy()));
                found.add(gradients);
            }
            assertThat(found.getFirst()).hasSameSizeAs(found.getLast()).isNotEmpty();
            found.getFirst().forEach((name, gradient) -> assertThat(gradient.allClose(found.getLast().get(name), 1e-9, 1e-13)).as(name)
                    .isTrue());
        }
    }

    // ---- single tokens

    @Test
    void factorsOfTokensMultiply() {
        var prompt = PROMPT.withInstructions(1, 1).withDropped(false, true);
        var mask = GradientMask.insulateLlm(0.5).with(new GradientMask.Tokens(0.25, 0, 0.125));
        for (var fusion : List.of(new Fusion.JointSelfAttention(), new Fusion.CrossAttention())) {
            try (var subject = Subject.of(fused(fusion), EXACT)) {
                var whole = leafGradients(subject.model(), prompt);
                var masked = leafGradients(subject.model().masked(mask), prompt);
                var factors = Tensor.of(new double[] {0.125, 0.5, 0.5, 0.5, 0.125 / 8, 0.5 / 8, 0, 0}, 2, 1, 4, 1);
                for (int i = 0; i < whole.size(); i++) {
                    assertThat(whole.get(i).abs().max().item()).isPositive();
                    assertThat(masked.get(i).allClose(whole.get(i).mul(factors), 1e-12, 1e-15)).isTrue();
                }
            }
        }
    }

    /// Gradients at the text's keys and values.
    private static List<Tensor> leafGradients(ImageModel model, Prompt prompt) {
        var text = model.text(prompt).replaced(tensor -> tensor.detach().requiresGrad(true));
        model.image(Tiny.latents(2).to(DType.F64), Tiny.times(2), text).sub(1).square().mean().backward();
        return text.tensors().map(Tensor::grad).toList();
    }

    @ParameterizedTest
    @MethodSource("everyModel")
    void droppedCaptionsTeachNoKeysAndValues(ImageModelConfig config) {
        try (var subject = Subject.of(config, DTypePolicy.F32)) {
            var model = subject.model().masked(GradientMask.NONE.with(new GradientMask.Tokens(1, 1, 0)));
            var text = model.text(PROMPT.withDropped(true, true), true, ForwardHooks.NONE);
            Subject.flow(model, text).add(Subject.language(model, Objects.requireNonNull(text.output()))).backward();
            assertThat(subject.weights().all().filter(p -> p.gradient() != null && p.gradient().abs().max().item() > 0).map(p -> p.name()))
                    .noneMatch(LLM_KEYS).anyMatch(name -> name.contains("q_proj"));
        }
    }

    @Test
    void rulesAndFactorsAreChecked() {
        assertThatThrownBy(() -> new Rule(TEXT, IMAGE, 0)).hasMessageContaining("text never sees the image");
        assertThatThrownBy(() -> GradientMask.insulateLlm(2)).hasMessageContaining("factor must lie in 0 to 1, but is 2.0");
        assertThatThrownBy(() -> new GradientMask.Tokens(1, -1, 1)).hasMessageContaining("padding must lie in 0 to 1, but is -1.0");
    }
}
