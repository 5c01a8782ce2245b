package dev.fusedit.trainer.stage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Tensor;
import dev.fusedit.trainer.optim.LossScale;
import dev.fusedit.trainer.optim.StopRule;
import dev.fusedit.trainer.step.DivergedException;
import dev.fusedit.trainer.step.StepOutcome;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// A GPU's order of reading, played on the CPU: the device decides what becomes of a step, and Java reads it a step later.
@Tag("training")
@ExtendWith(NoTensorLeaks.class)
class LateReadingTest {
    private static final String UP = "dit.layers.1.mlp.up_proj.weight";

    /// What a stage has learned, and has told.
    private record Learned(List<String> told, Map<String, Tensor> everything, StageState state, long averages) {}

    private static Learned learned(boolean late, double scale, String... settings) {
        try (var _ = new Late(late); var tiny = TinyStage.of(settings); var loop = tiny.loop()) {
            if (scale != 0) {
                loop.restoreRules(new StageState(Map.of(), new LossScale(scale, 0, 0), List.of(), StopRule.State.NOTHING));
            }
            var reports = new ArrayList<StageLoop.Report>();
            while (!loop.isDone()) {
                reports.add(loop.step());
                assertThat(reports.getLast().isKnown()).isNotEqualTo(late);
            }
            loop.settle();
            var told = reports.stream().map(report -> "%s %s %s %s %s %s".formatted(report.step(), report.losses(), report.total(),
                    report.gradientNorm(), report.outcome(), report.lossScale())).toList();
            return new Learned(told, tiny.everything(), loop.state(), tiny.emaWeights.updates());
        }
    }

    @ParameterizedTest
    @CsvSource({"f32, adamw, skip", "f32, muon, shrink", "bf16, adafactor, skip", "f16, adamw, skip", "f16, muon, shrink",
        "f16, adafactor, skip", "pure-bf16, adamw, skip", "pure-bf16, muon, skip", "f64, adafactor, shrink"})
    void weightsAndRowsAreThoseOfReadingAtOnce(String precision, String optimizer, String action) {
        String[] settings = {"run.precision=" + precision, "stages.joint.optimizer=" + optimizer, "stages.joint.accumulation=2",
            "stages.joint.grad_clip=0.5", "stages.joint.huge_gradient={over: 1.0000001, window: 2, action: %s}".formatted(action),
            "stages.joint.ema={decay: 0.9, warm: true}", "stages.joint.groups={top: {part: dit, layers: [0, 1], thaw: {every: 3}}}",
            "stages.joint.lr={top: 1e-2, llm: 0.01}", "stages.joint.optimizer.weight_decay=0.1", "stages.joint.steps=9",
            "stages.joint.batch=4"};
        double scale = precision.equals("f16") ? 0x1p16 : 0; // some overflow, some do not
        var atOnce = learned(false, scale, settings);
        var late = learned(true, scale, settings);
        assertThat(late.told()).isEqualTo(atOnce.told());
        assertThat(TinyStage.differences(atOnce.everything(), late.everything())).isEmpty();
        assertThat(late.state()).isEqualTo(atOnce.state());
        assertThat(late.averages()).isEqualTo(atOnce.averages());
        var seen = scale != 0 ? "OVERFLOWED" : action.equals("skip") ? "LEFT_OUT" : "SHRUNK";
        assertThat(atOnce.told()).anyMatch(row -> row.contains(seen)).anyMatch(row -> row.contains("LEARNED"));
    }

    @Test
    void aBadStepIsToldAStepLaterAndChangesNothing() {
        try (var _ = new Late(true); var tiny = TinyStage.of("stages.joint.accumulation=2"); var loop = tiny.loop()) {
            loop.step();
            loop.settle();
            try (var _ = Autograd.noGrad()) {
                tiny.bundle.weights().parameter(UP).master().fillInPlace(Float.MAX_VALUE); // a number, whose products overflow
            }
            var before = tiny.everything();
            var steps = tiny.optimizerState.steps();
            long updates = tiny.emaWeights.updates();
            var bad = loop.step();
            assertThat(bad.isKnown()).isFalse();
            var thrown = catchThrowableOfType(DivergedException.class, loop::step);
            assertThat(thrown).hasMessageContaining("is dit.layer.1 ").hasMessageContaining("at step " + (tiny.plan.firstStep() + 2))
                    .hasMessageContaining("samples 24 to 31");
            assertThat(thrown.stepsDone()).isEqualTo(tiny.plan.firstStep() + 1);
            var after = tiny.everything();
            before.forEach((name, value) -> assertThat(after.get(name).toFloats()).as(name).isEqualTo(value.toFloats()));
            assertThat(tiny.optimizerState.steps()).isEqualTo(steps);
            assertThat(tiny.emaWeights.updates()).isEqualTo(updates);
            assertThat(loop.state().optimizerSteps()).isEqualTo(steps);
        }
    }

    @Test
    void whoAsksWaits() {
        try (var _ = new Late(true); var tiny = TinyStage.of(); var loop = tiny.loop()) {
            var report = loop.step();
            assertThat(report.isKnown()).isFalse();
            assertThat(report.outcome()).isEqualTo(StepOutcome.LEARNED);
            assertThat(report.isKnown()).isTrue();
            loop.step();
            loop.settle();
        }
    }

    /// And a pause in between changes nothing: it lets the rule see no more than it had seen.
    @Test
    void aStopRuleEndsTheStageAStepLater() {
        for (boolean pauses : new boolean[] {false, true}) {
            try (var _ = new Late(true);
                    var tiny = TinyStage.of("stages.joint.stop={loss_below: 1e6, window: 3}");
                    var loop = tiny.loop()) {
                int steps = 0;
                for (; !loop.isDone(); steps++) {
                    loop.step();
                    if (pauses) loop.settle();
                }
                assertThat(steps).isEqualTo(4);
            }
        }
    }
}
