package dev.fusedit.trainer.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.stage.MemoryRemedies;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class LongStepsTest {
    @Test
    void aStagesMemoryIsToldInPartsWithTheCheapestRemedies() {
        var plan = Plan.of(Recipe.find("tests/minimal", List.of("run.precision=f32", "run.lanes=2", "stages.joint.batch=4096")));
        var stage = plan.stages().getLast().plan();
        var told = new LongSteps(plan).memory(stage).orElseThrow();
        assertThat(told.lines()).hasSize(4);
        assertThat(told).matches(
                "(?s)By the plan it takes [\\d,]+ MiB at most at once, of parts that are not all there together: weights \\d.*, gradients \\d.*, optimizer \\d.*"
                        + ", the process itself \\d+\\. What takes less and costs least:\n.*");
        assertThat(told.lines().skip(1)).allMatch(line -> line.matches("  \\S.*: saves [\\d,]+ MiB \\(--set .*\\)"))
                .noneMatch(line -> line.contains("that is enough")).noneMatch(line -> line.contains("optimizer="))
                .first().asString().contains("accumulation=2");
        var message = MemoryRemedies.step(plan.recipe(), stage.stage(), " on cuda:0 (100 MiB in all)", Optional.of(told),
                new IllegalStateException()).getMessage();
        assertThat(message).startsWith("memory does not hold a step of stage '" + stage.stage().name())
                .contains(" on cuda:0 (100 MiB in all). By the plan")
                .endsWith("\nA run that has begun takes them by --resume force.");
    }
}
