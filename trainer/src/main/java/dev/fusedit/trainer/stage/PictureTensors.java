package dev.fusedit.trainer.stage;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;

/// Between bytes (rows, columns, red green blue) and tensors (channels, rows, columns) in [-1, 1].
public final class PictureTensors {
    private PictureTensors() {}

    /// @param bytes pictures one after the other, side × side × 3
    /// @return (B, 3, side, side), f32
    public static Tensor of(byte[] bytes, int side) {
        return TensorScope.scoped(() -> Tensor.of(bytes, bytes.length / (3L * side * side), side, side, 3).to(DType.F32).div(127.5).sub(1)
                .permute(0, 3, 1, 2).contiguous());
    }

    /// The other way, values outside [-1, 1] cut off.
    ///
    /// @param pictures (B, 3, H, W)
    /// @return one array a picture
    public static byte[][] bytes(Tensor pictures) {
        byte[] all;
        try (var _ = TensorScope.open()) {
            all = pictures.to(DType.F32).clamp(-1, 1).add(1).mul(127.5).round().to(DType.U8).permute(0, 2, 3, 1).contiguous().toBytes();
        }
        var count = (int) pictures.size(0);
        var each = new byte[count][all.length / Math.max(count, 1)];
        for (int i = 0; i < count; i++) {
            System.arraycopy(all, i * each[i].length, each[i], 0, each[i].length);
        }
        return each;
    }
}
