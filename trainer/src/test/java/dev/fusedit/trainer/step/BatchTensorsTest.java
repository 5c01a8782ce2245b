package dev.fusedit.trainer.step;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.trainer.data.Batch;
import dev.fusedit.trainer.data.BatchSlice;
import dev.fusedit.trainer.data.Carried;
import dev.fusedit.trainer.data.image.ImageSize;
import dev.fusedit.trainer.data.stored.StoredBatch;
import dev.fusedit.trainer.data.stored.StoredImage;
import dev.fusedit.trainer.data.stored.StoredRow;
import dev.fusedit.trainer.model.ImageTensors;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoTensorLeaks.class)
class BatchTensorsTest {
    private static final ImageSize SIZE = new ImageSize(4, 2);
    private static final byte[] BYTES = new byte[3 * SIZE.bytes()];

    static {
        for (int i = 0; i < BYTES.length; i++) BYTES[i] = (byte) (37 * i);
    }

    private static StoredImage stored(float number) {
        return new StoredImage(StoredRow.of(DType.F32, new float[] {number, 1}, 2), StoredRow.of(DType.F32, new float[] {-number}, 1));
    }

    private static BatchTensors of(Carried carried, StoredBatch stored) {
        return new BatchTensors(new Batch(BYTES, SIZE, List.of("", "", ""), new int[3][1], 0, new int[0][], List.of(0L, 1L, 2L), stored,
                BatchSlice.WHOLE, 3, 0, carried), Device.CPU);
    }

    @Test
    void whatWasCarriedHasTheBitsOfWhatIsMadeHere() {
        try (var _ = TensorScope.open()) {
            var stored = StoredBatch.of(List.of(stored(5), stored(6), stored(7)), List.of());
            var carried = new Carried(Optional.of(Tensor.of(BYTES, 3, SIZE.height(), SIZE.width(), 3)),
                    Optional.of(Tensor.of(new float[] {5, 1, 6, 1, 7, 1}, 3, 2)), Optional.of(Tensor.of(new float[] {-5, -6, -7}, 3, 1)));
            for (var tensors : List.of(of(carried, StoredBatch.NONE), of(Carried.NOTHING, stored), of(carried, stored))) {
                var bytes = Arrays.copyOfRange(BYTES, SIZE.bytes(), 3 * SIZE.bytes());
                assertThat(tensors.images(1, 3).sameValues(ImageTensors.of(bytes, SIZE))).isTrue();
                assertThat(tensors.images(1, 3).isContiguous()).isTrue();
                assertThat(tensors.latents(1, 3).orElseThrow().toFloats()).containsExactly(6, 1, 7, 1);
                assertThat(tensors.features(0, 2).orElseThrow().toFloats()).containsExactly(-5, -6);
            }
            assertThat(of(Carried.NOTHING, StoredBatch.NONE).latents(0, 3)).isEmpty();
        }
    }
}
