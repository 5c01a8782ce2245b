package dev.fusedit.trainer.stage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.fusedit.fusion.dit.ForwardOptions;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.model.ImageTensors;
import dev.fusedit.trainer.optim.AdamW;
import dev.fusedit.trainer.optim.Update;
import dev.fusedit.trainer.step.MicroBatch;
import java.util.Arrays;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Alignment losses in a stage.
@ExtendWith(NoTensorLeaks.class)
class AlignmentTest {
    private static final String CONTRASTIVE = "stages.joint.losses.contrastive={layer: 2, width: 16, masked_share: 0.5, weight: 1}";
    private static final String REPA =
            "stages.joint.losses.repa={teacher: {kind: random}, layer: 1, width: 16, match: interpolate-features}";

    // ---- parts of a batch

    /// Gradient caching and all: 1 × 32 is 4 × 8. (The teacher computes in f32, so not to the last bit of f64.)
    @ParameterizedTest
    @ValueSource(strings = {"infonce", "siglip"})
    void aBatchInFourPartsIsComparedAsTheWhole(String comparison) {
        String[] settings = {"run.precision=f64", CONTRASTIVE, REPA, "stages.joint.losses.contrastive.comparison=" + comparison,
            "stages.joint.losses.contrastive.into_llm=true", "stages.joint.batch=32", "stages.joint.caption_dropout=0.2"};
        try (var whole = TinyStage.of(settings);
                var cut = TinyStage.of(Stream.concat(Stream.of(settings), Stream.of("stages.joint.accumulation=4")).toArray(String[]::new));
                var a = whole.loop();
                var b = cut.loop()) {
            for (int i = 0; i < 2; i++) {
                var one = a.step();
                var four = b.step();
                assertThat(one.losses()).containsKeys("repa", "contrastive");
                one.losses().forEach((name, loss) -> assertThat(four.losses().get(name)).as(name).isCloseTo(loss, within(1e-6)));
                assertThat(four.total()).isCloseTo(one.total(), within(1e-6));
                assertThat(four.gradientNorm()).isCloseTo(one.gradientNorm(), within(1e-5));
            }
        }
    }

    /// Without activation checkpointing and with it. (The heads' gradients differ in their last bits.)
    @Test
    void checkpointingChangesNothing() {
        try (var plain = TinyStage.of(CONTRASTIVE, REPA, "stages.joint.accumulation=2");
                var recomputed = TinyStage.of(CONTRASTIVE, REPA, "stages.joint.accumulation=2", "stages.joint.checkpointing=true");
                var a = plain.loop();
                var b = recomputed.loop()) {
            for (int i = 0; i < 2; i++) {
                var found = b.step().losses();
                a.step().losses().forEach((name, loss) -> assertThat(found.get(name)).as(name).isCloseTo(loss, within(1e-6)));
            }
        }
    }

    @Test
    void microBatchesAreComparedAloneIfAsked() {
        try (var tiny = TinyStage.of(CONTRASTIVE, "stages.joint.losses.contrastive.negatives=micro", "stages.joint.accumulation=2");
                var loop = tiny.loop()) {
            assertThat(loop.step().losses().get("contrastive")).as("of two rows each").isBetween(0.0, 20.0);
            try (var _ = TensorScope.open()) {
                for (var part : tiny.losses().parts(tiny.batch(1), tiny.plan.firstStep() + 1, 2)) {
                    assertThat(part.aligned().all()).isEmpty();
                    assertThat(textMasked(part)).isEqualTo(2);
                }
            }
        }
    }

    @Test
    void textMaskedRowsAreTheSameHoweverTheBatchIsCut() {
        try (var tiny = TinyStage.of(CONTRASTIVE, "stages.joint.batch=16"); var _ = TensorScope.open()) {
            var batch = tiny.batch(3);
            long step = tiny.plan.firstStep() + 3;
            var whole = tiny.losses().parts(batch, step, 1).getFirst().aligned().textMasked();
            var joined = new boolean[16];
            int from = 0;
            for (var part : tiny.losses().parts(batch, step, 4)) {
                for (boolean flag : Objects.requireNonNull(part.aligned().textMasked())) joined[from++] = flag;
            }
            assertThat(joined).isEqualTo(whole);
            assertThat(tiny.losses().parts(batch, step + 1, 1).getFirst().aligned().textMasked()).isNotEqualTo(whole);
        }
    }

    /// Not latents, and only while it looks.
    @Test
    void aTeacherIsShownImages() {
        try (var tiny = TinyStage.of(REPA, "stages.joint.losses.repa.until_step=2"); var _ = TensorScope.open()) {
            var batch = tiny.batch(1);
            var parts = tiny.losses().parts(batch, tiny.plan.firstStep() + 1, 2);
            var all = ImageTensors.of(batch.images(), batch.size());
            assertThat(Objects.requireNonNull(parts.get(1).aligned().images()).tensors().findFirst().orElseThrow()
                    .sameValues(all.narrow(0, 4, 4).contiguous())).isTrue();
            assertThat(tiny.losses().parts(batch, tiny.plan.firstStep() + 2, 2).get(1).aligned().images()).isNull();
        }
    }

    @Test
    void oneImageIsComparedWithNone() {
        assertThatThrownBy(
                () -> TinyStage.of(CONTRASTIVE, "stages.joint.losses.contrastive.negatives=micro", "stages.joint.accumulation=8"))
                .isInstanceOf(UserError.class).hasMessageContaining("no other image in the micro-batch");
    }

    private static long textMasked(MicroBatch part) {
        long count = 0;
        for (boolean flag : Objects.requireNonNull(part.aligned().textMasked())) count += flag ? 1 : 0;
        return count;
    }

    @Test
    void repaEndsAtItsStep() {
        try (var tiny = TinyStage.of(REPA, "stages.joint.losses.repa.until_step=1"); var loop = tiny.loop()) {
            assertThat(loop.step().losses()).containsKey("repa");
            assertThat(loop.step().losses()).doesNotContainKey("repa");
        }
    }

    @Test
    void headsLearnBesideTheModel() {
        try (var tiny = TinyStage.of(CONTRASTIVE, REPA); var loop = tiny.loop()) {
            var names = tiny.bundle.weights().all().map(p -> p.name()).filter(name -> name.startsWith("alignment.")).toList();
            assertThat(names).contains("alignment.joint.repa.first.weight", "alignment.joint.contrastive.image.weight",
                    "alignment.joint.contrastive.log_scale");
            var before = tiny.everything();
            loop.step();
            assertThat(TinyStage.differences(before, tiny.everything())).containsAll(names.stream().map(name -> "master " + name).toList());
            assertThat(tiny.optimizerState.steps().keySet()).containsAll(names);
        }
    }

    // ---- does the image copy its caption?

    private static final String LITTLE_NOISE = "stages.joint.losses.flow.time={kind: logit-normal, mean: -2}";
    private static final int STEPS = 200;
    private static final int LAST = 50;

    /// Trains nothing but the contrast, and tells by how many nats the loss lies above chance in the last steps.
    ///
    /// @param textMasked whether compared rows do not see their own text
    private static double aboveChance(boolean shuffled, boolean textMasked, int steps) {
        try (var tiny = TinyStage.fresh(CONTRASTIVE, "stages.joint.batch=32", "data.shuffled_captions=" + shuffled,
                "model.llm.width=32", "model.dit={width: 48, layers: 2, mlp_width: 96, patch: 8}", LITTLE_NOISE)) {
            tiny.bundle.weights().train(name -> name.startsWith("dit.") || name.startsWith("alignment."));
            var learning = tiny.bundle.weights().trainable();
            var adam = new AdamW(0.9, 0.98, 1e-8, tiny.optimizerState);
            var losses = tiny.losses();
            var contrastive = Objects.requireNonNull(tiny.alignments.of(tiny.plan.stage()).contrastive());
            double above = 0;
            for (int step = 0; step < steps; step++) {
                try (var _ = TensorScope.open(); var pass = losses.model().pass(false)) {
                    var part = losses.parts(tiny.batch(step), step, 1).getFirst();
                    var noised = Objects.requireNonNull(part.noised());
                    var compared = Objects.requireNonNull(part.aligned().textMasked());
                    var text = pass.text(part.prompt(), true);
                    var image = pass.image(noised.noisy(), noised.timesteps_B(), text, null,
                            new ForwardOptions(part.aligned().layers(), textMasked ? compared : null));
                    var rows = contrastive.embed(image.features_BNC().get(2), Objects.requireNonNull(text.output()),
                            text.prompt().lengths_B(), part.texts(), compared);
                    var loss = Objects.requireNonNull(contrastive.of(rows));
                    if (step >= steps - LAST) above += (loss.item() - contrastive.chance(rows.captions())) / LAST;
                    pass.backward(loss);
                    try (var _ = Autograd.noGrad()) {
                        adam.step(learning.stream().filter(p -> p.gradient() != null)
                                .map(p -> new Update(p.name(), p.master(), Objects.requireNonNull(p.gradient()), 3e-3, 0)).toList());
                    }
                    tiny.bundle.weights().clearGradients();
                }
            }
            return above;
        }
    }

    @Test
    void onShuffledCaptionsTheContrastStaysAtChance() {
        assertThat(aboveChance(true, true, STEPS)).as("nats above chance").isBetween(-0.05, 0.05);
    }

    @Test
    void onTrueCaptionsTheContrastFalls() { assertThat(aboveChance(false, true, STEPS)).as("nats above chance").isLessThan(-0.15); }

    /// The leak that text-masked rows stop is real: the image's tokens are told apart by the text that they read.
    @Test
    void wereRowsNotTextMaskedTheContrastWouldFallOnShuffledCaptionsToo() {
        assertThat(aboveChance(true, false, STEPS)).as("nats above chance").isLessThan(-0.15);
    }

    @Test
    @Tag("long")
    void itIsSoAfterManyStepsToo() {
        var found = new double[] {aboveChance(true, true, 1500), aboveChance(false, true, 1500), aboveChance(true, false, 1500)};
        assertThat(found[0]).as(Arrays.toString(found)).isBetween(-0.05, 0.05);
        assertThat(found[1]).as(Arrays.toString(found)).isLessThan(-0.5);
        assertThat(found[2]).as(Arrays.toString(found)).isLessThan(-1);
    }
}
