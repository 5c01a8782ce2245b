package dev.fusedit.trainer.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.internal.abi.MetaKernels;
import dev.fusedit.torch.internal.abi.MetaMemory;
import dev.fusedit.trainer.stage.TinyStage;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What a GPU's memory holds at the worst moment of a step, counted on the meta device, against the plan for one.
@ExtendWith(NoTensorLeaks.class)
class MetaMemoryTest {
    @BeforeAll
    static void register() { MetaKernels.register(); }

    @ParameterizedTest
    @CsvSource({"f32, model.fusion=joint", "bf16, model.fusion=joint", "f16, model.fusion=joint", "f32, model.fusion=cross",
        "bf16, model.fusion=cross", "f32, model.fusion=gated-joint", "bf16, model.fusion=gated-joint", "f32, model.fusion=shallow-joint",
        "bf16, model.fusion=shallow-joint", "f32, model.fusion=shallow-cross", "bf16, model.fusion=shallow-cross",
        "f32, model.fusion=dual-stream", "bf16, model.fusion=dual-stream", "bf16, stages.joint.accumulation=4",
        "bf16, stages.joint.checkpointing=true", "bf16, stages.joint.optimizer=adafactor",
        "bf16, stages.joint.lr={dit: 1e-3}; stages.joint.losses={flow: {}}"})
    void theWorstMomentOfAStepIsPlanned(String precision, String more) {
        var settings = Stream.concat(Stream.of("run.precision=" + precision, "run.device=cuda", "run.lanes=1", "stages.joint.batch=32",
                "model.dit.width=64", "model.dit.mlp_width=192", "model.dit.layers=4", "model.dit.patch=4", "model.llm.width=64",
                "model.llm.mlp_width=192",
                "model.llm.layers=4", "model.llm.heads=4", "model.llm.head_width=16"), Arrays.stream(more.split("; ")))
                .toArray(String[]::new);
        try (var memory = MetaMemory.watch(); var tiny = TinyStage.onMeta(settings)) {
            try (var loop = tiny.loop()) {
                loop.step();
            }
            try (var loop = tiny.loop(1)) { // with the moments that the first step has made
                loop.step();
            }
            var plan = withoutHoles(Plan.of(tiny.recipe).stages().getLast().memory());
            assertThat((double) memory.peak() / (plan.total() - plan.process())).as(plan.toString()).isBetween(0.85, 1.15);
        }
    }

    /// Without what an allocator leaves free between tensors: that is not counted here.
    private static StageMemory withoutHoles(StageMemory plan) {
        return new StageMemory(plan.weights(), plan.gradients(), plan.optimizer(), plan.average(), (long) (plan.kept() / StageMemory.HOLES),
                (long) (plan.work() / StageMemory.HOLES), plan.sums(), plan.caches(), plan.checkpoint(), plan.sampling(), plan.process(),
                plan.saved(), plan.otherwise(), plan.leftover());
    }
}
