package dev.fusedit.trainer.step;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.TorchException;
import dev.fusedit.torch.distributed.ProcessGroup;
import dev.fusedit.trainer.align.ContrastiveLoss.Embedded;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoTensorLeaks.class)
class RankTextsTest {
    private static Embedded embedded(String caption, double number) {
        return new Embedded(Tensor.full(number, DType.F32, 1, 2), Tensor.full(-number, DType.F32, 1, 2), List.of(caption));
    }

    private static String sent(ProcessGroup group) {
        try (var _ = TensorScope.open()) {
            var all = new RankTexts(group).embedded(List.of(embedded("of rank " + group.rank(), group.rank() + 1)));
            return String.join(", ", all.stream().map(each -> each.captions().getFirst() + " " + each.image_RW().toFloats()[0] + " "
                    + each.text_RW().toFloats()[1]).toList());
        }
    }

    @Test
    void allHaveThePartsOfAll() throws Exception {
        assertThat(TwoRanks.run(Map.of(), RankTextsTest::sent)).containsOnly("of rank 0 1.0 -1.0, of rank 1 2.0 -2.0");
    }

    /// Nobody waits for what is not going to come.
    @Test
    void whatOneHasNoMemoryForAllAreTold() throws Exception {
        var told = TwoRanks.run(Map.of(), group -> catchThrowableOfType(StepOutOfMemory.class, () -> {
            if (group.rank() == 0) {
                sent(group);
            } else {
                try (var _ = TensorScope.open()) {
                    Tensor.empty(DType.F32, Device.CPU, 1L << 45);
                } catch (TorchException e) {
                    throw new RankTexts(group).shortage(e);
                }
            }
        }));
        assertThat(told).doesNotContainNull();
        assertThat(told.getFirst()).hasMessageStartingWith("rank 1: ");
        assertThat(told.getLast()).hasCauseInstanceOf(TorchException.class);
    }
}
