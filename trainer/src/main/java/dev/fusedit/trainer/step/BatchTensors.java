package dev.fusedit.trainer.step;

import dev.fusedit.torch.Device;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.trainer.data.Batch;
import dev.fusedit.trainer.data.stored.StoredBatch;
import dev.fusedit.trainer.model.ImageTensors;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Rows of a batch as tensors on a device: of what was carried there, or else of its arrays. The tensors are the innermost scope's.
///
/// @param batch or a slice, whose rows are counted from 0
record BatchTensors(Batch batch, Device device) {
    /// (end − first, 3, height, width), f32, in [-1, 1]
    Tensor images(int first, int end) {
        int each = batch.size().bytes();
        return batch.carried().images().map(bytes -> TensorScope.scoped(() -> ImageTensors.of(rows(bytes, first, end))))
                .orElseGet(() -> ImageTensors.of(Arrays.copyOfRange(batch.images(), first * each, end * each), batch.size()).to(device));
    }

    /// (end − first, …), f32; empty if they are to be computed
    Optional<Tensor> latents(int first, int end) { return rows(batch.carried().latents(), batch.stored().latents(), first, end); }

    Optional<Tensor> features(int first, int end) { return rows(batch.carried().features(), batch.stored().features(), first, end); }

    private Optional<Tensor> rows(Optional<Tensor> carried, StoredBatch.@Nullable Joined stored, int first, int end) {
        return carried.map(tensor -> rows(tensor, first, end))
                .or(() -> Optional.ofNullable(stored).map(joined -> joined.rows(first, end).to(device)));
    }

    private static Tensor rows(Tensor tensor, int first, int end) { return tensor.narrow(0, first, end - first); }
}
