package dev.fusedit.trainer.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.fusedit.torch.Device;
import dev.fusedit.trainer.recipe.Recipe;
import java.util.List;
import org.junit.jupiter.api.Test;

class SavedModelTest {
    @Test
    void whatWasTrainedOnAGpuOpensOnTheCpuWhereThereIsNone() {
        assumeFalse(Device.cuda(0).isAvailable());
        assertThat(SavedModel.deviceHere(Recipe.find("tests/minimal", List.of("run.device=cuda"))))
                .isEqualTo(Device.CPU);
    }
}
