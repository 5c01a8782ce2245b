package dev.fusedit.trainer.data;

import dev.fusedit.torch.Device;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.cuda.Accelerator;
import dev.fusedit.torch.cuda.DeviceEvent;
import dev.fusedit.torch.cuda.DeviceStream;
import dev.fusedit.trainer.data.stored.StoredBatch;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/// Carries batches to a device while the step before is computed there: a batch's arrays into page-locked memory, from there in a queue beside
/// that of the steps. Where a loader is not ready yet, its batch is carried when it is asked for.
///
/// A batch's tensors live until the one after the next is asked for: what its step has found is looked at in the next one. Their memory comes from the steps' queue and goes back to it, so the copy waits for
/// what that queue held before, and the step for the copy: no thread waits.
public final class DevicePrefetch implements Feed<Batch> {
    private final Feed<Batch> made;
    private final Accelerator accelerator;
    private final DeviceStream side;
    private @Nullable OnItsWay last;
    private @Nullable OnItsWay current;
    private @Nullable OnItsWay coming;

    /// @param made closed with this
    public DevicePrefetch(Feed<Batch> made, Accelerator accelerator) {
        this.made = made;
        this.accelerator = accelerator;
        side = accelerator.beside();
    }

    /// The same batches, for steps on a device: on the CPU there is nothing to carry.
    ///
    /// @param made closed with the result
    public static Feed<Batch> of(Feed<Batch> made, Device device) {
        return switch (device.kind()) {
            case CPU, META -> made;
            case CUDA -> new DevicePrefetch(made, Accelerator.of(device));
        };
    }

    /// A batch and what is closed when its step has been given to the device.
    private record OnItsWay(Batch batch, TensorScope scope, DeviceEvent copied) {
        void close() {
            scope.close();
            copied.close();
        }
    }

    private record Copy(Tensor source, Tensor target) {}

    @Override
    public Batch next() {
        if (last != null) last.close();
        last = current;
        current = coming;
        coming = null;
        if (current == null) current = carry(made.next());
        accelerator.current().await(current.copied());
        var batch = current.batch();
        if (made.isReady()) coming = carry(made.next());
        return batch;
    }

    @Override
    public boolean isReady() { return coming != null || made.isReady(); }

    private OnItsWay carry(Batch batch) {
        var scope = TensorScope.holding();
        try (var _ = TensorScope.open(); var free = accelerator.event()) {
            var copies = new ArrayList<Copy>();
            var carried = new Carried(images(batch, copies), rows(batch.stored().latents(), copies),
                    rows(batch.stored().features(), copies));
            side.await(free.record(accelerator.current()));
            copies.forEach(copy -> side.copy(copy.source(), copy.target()));
            copies.forEach(copy -> scope.hold(copy.source()));
            return new OnItsWay(batch.with(scope.hold(carried)), scope, accelerator.event().record(side));
        } catch (RuntimeException e) {
            scope.close();
            throw e;
        }
    }

    private Optional<Tensor> images(Batch batch, List<Copy> copies) {
        if (batch.images().length == 0) return Optional.empty();
        var size = batch.size();
        long count = batch.images().length / size.bytes();
        return Optional.of(copied(accelerator.pinned(batch.images(), count, size.height(), size.width(), 3), copies));
    }

    private Optional<Tensor> rows(StoredBatch.@Nullable Joined rows, List<Copy> copies) {
        if (rows == null) return Optional.empty();
        var each = LongStream.of(rows.shape()).reduce(1, Math::multiplyExact);
        var shape = LongStream.concat(LongStream.of(rows.numbers().length / each), LongStream.of(rows.shape())).toArray();
        return Optional.of(copied(accelerator.pinned(rows.numbers(), shape), copies));
    }

    private Tensor copied(Tensor source, List<Copy> copies) {
        var target = Tensor.empty(source.dtype(), accelerator.device(), source.shape());
        copies.add(new Copy(source, target));
        return target;
    }

    @Override
    public void close() {
        if (last != null) last.close();
        if (current != null) current.close();
        if (coming != null) {
            accelerator.current().await(coming.copied()); // its memory goes back to that queue
            coming.close();
        }
        made.close();
    }
}
