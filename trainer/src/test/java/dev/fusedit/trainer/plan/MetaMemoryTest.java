package dev.fusedit.trainer.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.fusedit.fusion.text.WordTokenizer;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.javacpp.MetaMemory;
import dev.fusedit.trainer.model.ModelBundle;
import dev.fusedit.trainer.model.Precisions;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.stage.TinyStage;
import java.util.LinkedHashSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What a GPU's memory holds at the worst moment of a step, counted on the meta device, against the plan.
@ExtendWith(NoTensorLeaks.class)
class MetaMemoryTest {
    private static ModelBundle bundle(Recipe recipe, WordTokenizer tokenizer) {
        return ModelBundle.fresh(recipe, tokenizer, Precisions.of(recipe).on(Device.META), Seed.of(1));
    }

    private static String[] settings(String precision, String... more) {
        return Stream.concat(Stream.of("run.precision=" + precision, "run.device=cuda", "run.lanes=1", "stages.joint.batch=32",
                "model.dit.width=64", "model.dit.mlp_width=192", "model.dit.layers=4", "model.dit.patch=4", "model.llm.width=64",
                "model.llm.mlp_width=192", "model.llm.layers=4", "model.llm.heads=4", "model.llm.head_width=16"), Stream.of(more))
                .toArray(String[]::new);
    }

    /// Of the tensors alone: what an allocator leaves free between them, and the process itself, are not counted here.
    private static StageMemory planned(Recipe recipe) {
        var stage = recipe.stages().getLast();
        var shape = StageShape.of(recipe, stage, ModelShapes.of(recipe), TextLengths.of(recipe));
        var trained = new LinkedHashSet<>(shape.trainable());
        return StageMemory.of(shape, StageCounts.of(shape), trained, stage.ema() == null ? new LinkedHashSet<>() : trained, false,
                ProcessShare.of(recipe, ModelShapes.of(recipe).model(), Processes.ALONE, 0));
    }

    @ParameterizedTest
    @CsvSource({"f32, joint", "bf16, joint", "f16, joint", "f32, cross", "bf16, cross", "f32, gated-joint", "bf16, gated-joint",
        "f32, shallow-joint", "bf16, shallow-joint", "f32, shallow-cross", "bf16, shallow-cross", "f32, dual-stream", "bf16, dual-stream"})
    void theWorstMomentOfAStepIsPlanned(String precision, String fusion) {
        long measured;
        Recipe recipe;
        try (var memory = MetaMemory.watch();
                var tiny = TinyStage.of(MetaMemoryTest::bundle, settings(precision, "model.fusion=" + fusion));
                var loop = tiny.loop()) {
            recipe = tiny.recipe;
            loop.step();
            measured = memory.peak();
        }
        var plan = planned(recipe);
        long expected = plan.total() - plan.process();
        assertThat((double) measured).isCloseTo(expected, withinPercentage(25));
    }
}
