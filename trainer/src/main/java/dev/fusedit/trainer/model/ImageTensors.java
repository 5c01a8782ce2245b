package dev.fusedit.trainer.model;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.trainer.data.image.ImageSize;

/// From bytes (rows, columns, red green blue) to tensors (channels, rows, columns) in [-1, 1].
public final class ImageTensors {
    private ImageTensors() {}

    /// @param bytes images one after the other, height × width × 3
    /// @return (B, 3, height, width), f32
    public static Tensor of(byte[] bytes, ImageSize size) {
        return TensorScope.scoped(() -> of(Tensor.of(bytes, bytes.length / size.bytes(), size.height(), size.width(), 3)));
    }

    /// @param bytes (B, height, width, 3), u8
    /// @return (B, 3, height, width), f32, on the same device
    public static Tensor of(Tensor bytes) {
        return TensorScope.scoped(() -> bytes.to(DType.F32).div(127.5).sub(1).permute(0, 3, 1, 2).contiguous());
    }
}
