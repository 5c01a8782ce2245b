package dev.fusedit.trainer.stage.cache;

import com.google.common.collect.ImmutableList;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.trainer.data.image.ImageSize;
import dev.fusedit.trainer.data.stored.EntryKey;
import dev.fusedit.trainer.data.stored.StoredRow;
import dev.fusedit.trainer.model.ImageTensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Rows that are made of images: latents, or features.
///
/// @param shape of a row
/// @param model what computes rows (B, …) of images (B, 3, height, width) in [-1, 1] of one size
record WantedImages(CacheSet set, ImmutableList<ShownImages.Shown> images, RowShape shape, Device device, Model model)
        implements WantedRows<WantedImages.Pixels> {
    @FunctionalInterface
    interface RowShape {
        long[] of(ImageSize size);
    }

    @FunctionalInterface
    interface Model {
        Tensor of(Tensor images, ImageSize size);
    }

    record Pixels(ImageSize size, byte[] rgb) {}

    @Override
    public int size() { return images.size(); }

    @Override
    public EntryKey key(int index) { return images.get(index).key(); }

    @Override
    public long bytes(int index) { return StoredRow.bytes(set.dtype(), shape.of(images.get(index).size())); }

    /// On the CPU an image's row does not depend on its neighbours.
    @Override
    public int together() { return device.isCpu() ? 1 : 8; }

    @Override
    public Pixels load(int index) { return new Pixels(images.get(index).size(), images.get(index).rgb()); }

    @Override
    public List<StoredRow> make(List<Pixels> loaded) {
        var rows = new ArrayList<StoredRow>();
        for (int first = 0, end; first < loaded.size(); first = end) {
            var size = loaded.get(first).size();
            for (end = first; end < loaded.size() && loaded.get(end).size().equals(size);) end++;
            rows.addAll(ofOneSize(loaded.subList(first, end), size));
        }
        return rows;
    }

    private List<StoredRow> ofOneSize(List<Pixels> some, ImageSize size) {
        var bytes = new byte[some.size() * size.bytes()];
        for (int i = 0; i < some.size(); i++) System.arraycopy(some.get(i).rgb(), 0, bytes, i * size.bytes(), size.bytes());
        try (var _ = TensorScope.open(); var _ = Autograd.noGrad()) {
            var made = model.of(ImageTensors.of(bytes, size).to(device), size);
            var numbers = made.to(set.dtype()).to(DType.F32).to(Device.CPU).contiguous().toFloats();
            var row = shape.of(size);
            int each = numbers.length / some.size();
            var rows = new ArrayList<StoredRow>();
            for (int i = 0; i < some.size(); i++)
                rows.add(StoredRow.of(set.dtype(), Arrays.copyOfRange(numbers, i * each, (i + 1) * each), row));
            return rows;
        }
    }
}
