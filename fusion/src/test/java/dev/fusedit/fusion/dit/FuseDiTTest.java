package dev.fusedit.fusion.dit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.fusion.llm.Family;
import dev.fusedit.fusion.llm.Prompt;
import dev.fusedit.fusion.llm.Windows;
import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.nn.Parameter;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Rounding;
import dev.fusedit.torch.Seed;
import dev.fusedit.nn.ops.Ops;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.Threads;
import dev.fusedit.torch.fused.Fused;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Tag("numeric")
@Threads(atMost = Fused.MOST_THREADS)
@ExtendWith(NoTensorLeaks.class)
class FuseDiTTest {
    private static final Prompt PROMPT = Prompt.of(new long[] {2, 7, 9, 11}, new long[] {2, 5});

    /// Every fusion with every kind of position and time, the image narrower than the text; also those that the paper's code cannot run.
    static Stream<FuseDiTConfig> everyCombination() {
        var all = new ArrayList<FuseDiTConfig>();
        for (var fusion : List.of(new Fusion.JointSelfAttention(), new Fusion.CrossAttention(), new Fusion.GatedJointAttention())) {
            for (var positions : List.of(new ImagePositions.Absolute(8, 12), new ImagePositions.Rope1d(), new ImagePositions.Rope2d(),
                    new ImagePositions.MRope())) {
                for (var time : List.of(new TimeConditioning.AdaLnZero(), new TimeConditioning.AdaLnSingle(),
                        new TimeConditioning.Addition(), new TimeConditioning.None())) {
                    all.add(Tiny.config(fusion, positions, time, 2, 2, 0, new SharedLayers.All()));
                }
            }
            all.add(Tiny.config(fusion, new ImagePositions.Rope2d(), new TimeConditioning.AdaLnZero(), 2, 4, 0, new SharedLayers.All()));
            all.add(Tiny.config(fusion, new ImagePositions.Rope1d(), new TimeConditioning.None(), 4, 2, 0, new SharedLayers.All()));
            all.add(Tiny.config(fusion, new ImagePositions.MRope(), new TimeConditioning.AdaLnSingle(), 4, 3, 1, Tiny.shared(1, 3)));
            all.add(Tiny.config(fusion, new ImagePositions.Absolute(8, 12), new TimeConditioning.AdaLnZero(), 4, 5, 2, Tiny.shared(3)));
        }
        return all.stream();
    }

    @ParameterizedTest
    @MethodSource("everyCombination")
    void cachedTextGivesExactlyWhatUncachedGives(FuseDiTConfig config) {
        try (var tiny = Tiny.of(config)) {
            var text = tiny.model().text(PROMPT);
            Tensor other = Tiny.latents(2).mul(0.5), times = Tiny.times(2).mul(0.3);
            var first = tiny.model().image(Tiny.latents(2), Tiny.times(2), text);
            var second = tiny.model().image(other, times, text);
            assertThat(first.isFinite().all().itemLong()).isOne();
            assertThat(second.sameValues(tiny.model().forward(other, times, PROMPT))).isTrue();
            assertThat(second.allClose(first, 1e-3, 1e-3)).as("another image gives another answer").isFalse();
        }
    }

    @ParameterizedTest
    @MethodSource("everyCombination")
    void neighboursInTheBatchDoNotMatter(FuseDiTConfig config) {
        try (var tiny = Tiny.of(config)) {
            var both = tiny.model().forward(Tiny.latents(2), Tiny.times(2), PROMPT);
            var alone = tiny.model().forward(Tiny.latents(2).narrow(0, 1, 1), Tiny.times(1), PROMPT.rows(1));
            assertThat(alone.allClose(both.narrow(0, 1, 1), 1e-5, 1e-5)).isTrue();
        }
    }

    /// Who watches the text sees rows of equal length, and so has them computed.
    @ParameterizedTest
    @MethodSource("everyCombination")
    void packedTextIsThatOfPaddedRows(FuseDiTConfig config) {
        try (var tiny = Tiny.of(config)) {
            var prompt = Prompt.of(new long[] {2, 7, 9, 11}, new long[0], new long[] {2, 5});
            assertThat(tiny.model().llm().enter(prompt, false, Ops.AUTOGRAD).x().shape()).startsWith(1, 6);
            var packed = tiny.model().text(prompt);
            var padded = tiny.model().text(prompt, false, (_, _) -> {});
            for (int b = 0; b < 3; b++) {
                int length = prompt.lengths_B()[b];
                for (int i = 0; i < packed.blocks().size(); i++) {
                    if (packed.blocks().get(i) != null) {
                        requireSame(part(packed.blocks().get(i).keys(), b, 2, length), part(padded.blocks().get(i).keys(), b, 2, length));
                        requireSame(part(packed.blocks().get(i).values(), b, 2, length),
                                part(padded.blocks().get(i).values(), b, 2, length));
                    }
                }
            }
        }
    }

    private static Tensor part(Tensor rows, int sample, int dim, int length) { return rows.narrow(0, sample, 1).narrow(dim, 0, length); }

    private static void requireSame(Tensor actual, Tensor expected) { assertThat(actual.allClose(expected, 1e-5, 1e-5)).isTrue(); }

    /// Padding that is in no sample of a batch, and copies of one text, are not computed with; the image does not tell.
    @ParameterizedTest
    @MethodSource("everyCombination")
    void trimmedAndSharedTextReadsTheSame(FuseDiTConfig config) {
        try (var tiny = Tiny.of(config); var _ = TensorScope.open()) {
            var padded = tiny.model().text(PROMPT).rows(1, 1);
            var shared = tiny.model().text(PROMPT).rows(1).trimmed().repeated(2);
            assertThat(shared.prompt().tokens()).isEqualTo(2);
            assertThat(shared.batch()).isEqualTo(2);
            assertThat(shared.imageStarts()).isEqualTo(padded.imageStarts());
            assertThat(shared.tensors()).allMatch(each -> each.size(0) == 2 && each.size(2) == 2);
            var expected = tiny.model().image(Tiny.latents(2), Tiny.times(2), padded);
            assertThat(tiny.model().image(Tiny.latents(2), Tiny.times(2), shared).allClose(expected, 1e-5, 1e-5)).isTrue();
            assertThat(tiny.model().text(PROMPT).trimmed().prompt().tokens()).as("the longest stays").isEqualTo(4);
        }
    }

    /// Tiny language models of every family, with windows shorter than the prompt where the family has them.
    static Stream<FuseDiTConfig> everyFamily() {
        var windows = Windows.of(2, 3, i -> i < 2);
        var families = List.of(new Family.Gemma(), new Family.Gemma2(24, windows, 2, 3), new Family.Gemma3(24, windows, 10_000, 2),
                new Family.Llama(true), new Family.Qwen3(windows));
        return families.stream().flatMap(family -> Stream.of(new Fusion.JointSelfAttention(), new Fusion.CrossAttention())
                .map(fusion -> Tiny.config(family, fusion)));
    }

    @ParameterizedTest
    @MethodSource("everyFamily")
    void everyFamilyIsFusedAndCached(FuseDiTConfig config) {
        for (var attention : AttentionScoring.values()) {
            try (var tiny = Tiny.of(Tiny.with(config, attention))) {
                var output = tiny.model().forward(Tiny.latents(2), Tiny.times(2), PROMPT);
                var text = tiny.model().text(PROMPT);
                assertThat(output.sameValues(tiny.model().image(Tiny.latents(2), Tiny.times(2), text))).isTrue();
                var alone = tiny.model().forward(Tiny.latents(2).narrow(0, 1, 1), Tiny.times(1), PROMPT.rows(1));
                assertThat(alone.allClose(output.narrow(0, 1, 1), 1e-5, 1e-5)).isTrue();
                assertThat(ModelConfigJson.fused(ModelConfigJson.json(tiny.model().config()), "here")).isEqualTo(tiny.model().config());
            }
        }
    }

    @ParameterizedTest
    @MethodSource("everyFamily")
    void theFamilysOwnScoresMatterWhereItHasAny(FuseDiTConfig config) {
        try (var plain = Tiny.of(config); var own = Tiny.of(Tiny.with(config, AttentionScoring.FAMILY))) {
            var same = plain.model().forward(Tiny.latents(2), Tiny.times(2), PROMPT)
                    .allClose(own.model().forward(Tiny.latents(2), Tiny.times(2), PROMPT), 1e-5, 1e-5);
            var differs = !config.text().family().windows().layers().isEmpty();
            assertThat(same).isEqualTo(!differs);
        }
    }

    @Test
    void paddingOnAnySideGivesTheSameTokens() {
        var right = Prompt.masked(new long[][] {{2, 7, 9, 0, 0}}, new long[][] {{1, 1, 1, 0, 0}});
        var left = Prompt.masked(new long[][] {{0, 0, 2, 7, 9}}, new long[][] {{0, 0, 1, 1, 1}});
        assertThat(right.tokens()).isEqualTo(3);
        assertThat(right.ids_BT()).isDeepEqualTo(left.ids_BT());
        assertThat(left.positions_BT()[0]).containsExactly(2, 3, 4);
    }

    @Test
    void computedPaddingChangesNothing() {
        try (var tiny = Tiny.of(Tiny.config())) {
            var padded = Prompt.padded(new long[][] {{2, 7, 9, 11, 0, 0}, {2, 5, 0, 0, 0, 0}}, new int[] {4, 2});
            var expected = tiny.model().forward(Tiny.latents(2), Tiny.times(2), padded);
            assertThat(tiny.model().forward(Tiny.latents(2), Tiny.times(2), PROMPT).allClose(expected, 1e-5, 1e-5)).isTrue();
        }
    }

    @Test
    void anEmptyPromptIsAllowed() {
        try (var tiny = Tiny.of(Tiny.config())) {
            var prompt = Prompt.of(new long[0], new long[] {2, 5});
            assertThat(tiny.model().forward(Tiny.latents(2), Tiny.times(2), prompt).isFinite().all().itemLong()).isOne();
        }
    }

    /// Another batch of texts packs another number of rows, for which libtorch may choose another kernel.
    @Test
    void someRowsOfATextAreThatTextUpToRounding() {
        try (var tiny = Tiny.of(Tiny.config())) {
            var text = tiny.model().text(PROMPT);
            var picked = tiny.model().image(Tiny.latents(3), Tiny.times(3), text.rows(1, 1, 0));
            var direct = tiny.model().forward(Tiny.latents(3), Tiny.times(3), PROMPT.rows(1, 1, 0));
            Rounding.assertSame(picked, direct, Rounding.SMALL_MODEL);
        }
    }

    @Test
    void textIsUnchangedByWhatIsNotShared() {
        try (var tiny = Tiny.of(Tiny.config(new Fusion.JointSelfAttention(), new ImagePositions.Rope2d(), new TimeConditioning.None(), 4, 3,
                1, Tiny.shared(2)))) {
            var text = tiny.model().text(PROMPT);
            assertThat(text.blocks()).hasSize(3).satisfies(blocks -> assertThat(blocks.get(0)).isNull(),
                    blocks -> assertThat(blocks.get(1)).isNotNull(),
                    blocks -> assertThat(blocks.get(2)).isNull());
            assertThat(tiny.model().config().textDepth()).as("no layer after the last shared one is run").isEqualTo(3);
        }
    }

    @Test
    void aFreshModelPredictsZeroAndOnlyItsLastLayerLearns() {
        try (var weights = Weights.fresh(Seed.of(5), DTypePolicy.F32)) {
            var model = FuseDiT.of(Tiny.config(), weights);
            weights.train(_ -> true);
            try (var _ = TensorScope.open()) {
                var output = model.forward(Tiny.latents(2), Tiny.times(2), PROMPT);
                assertThat(output.abs().max().item()).isZero();
                output.sub(1).square().mean().backward();
                assertThat(weights.all().filter(p -> isNonZero(p.gradient())).map(Parameter::name))
                        .allMatch(name -> name.startsWith("dit.proj_out"));
            }
        }
    }

    private static boolean isNonZero(Tensor gradient) { return gradient != null && gradient.abs().max().item() > 0; }

    @Test
    void aFrozenLanguageModelGetsNoGradient() {
        try (var tiny = Tiny.of(Tiny.config()); var _ = TensorScope.open()) {
            tiny.weights().train(name -> name.startsWith("dit."));
            var text = tiny.model().text(PROMPT);
            assertThat(text.tensors()).noneMatch(Tensor::requiresGrad);
            tiny.model().image(Tiny.latents(2), Tiny.times(2), text).sum().backward();
            assertThat(tiny.weights().all().filter(p -> p.gradient() != null)).allMatch(p -> p.name().startsWith("dit.")).isNotEmpty();
        }
    }

    @Test
    void matmulsInBf16StayNear() {
        try (var exact = Tiny.of(Tiny.config()); var mixed = Tiny.of(Tiny.config(), DTypePolicy.MIXED)) {
            var expected = exact.model().forward(Tiny.latents(2), Tiny.times(2), PROMPT);
            var actual = mixed.model().forward(Tiny.latents(2), Tiny.times(2), PROMPT);
            assertThat(actual.sub(expected).norm().item() / expected.norm().item()).isLessThan(0.03);
        }
    }

    @Test
    void impossibleConfigurationsAreRefused() {
        assertThatThrownBy(() -> Tiny.config(new Fusion.CrossAttention(), new ImagePositions.Rope2d(), new TimeConditioning.None(), 2, 2, 2,
                new SharedLayers.All()))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("initial layers");
        assertThatThrownBy(() -> Tiny.config(new Fusion.CrossAttention(), new ImagePositions.Rope2d(), new TimeConditioning.None(), 2, 2, 0,
                Tiny.shared(7)))
                .hasMessageContaining("shared layers must be 0 to 1");
    }
}
