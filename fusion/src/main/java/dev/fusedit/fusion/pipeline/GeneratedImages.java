package dev.fusedit.fusion.pipeline;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.Tensors;
import java.util.List;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/// Images, and the latents that they were decoded from.
///
/// @param latents_BCHW as diffusion sees them
/// @param pixels_B3HW from 0 to 1
public record GeneratedImages(Tensor latents_BCHW, Tensor pixels_B3HW) implements Tensors {
    /// One after the other.
    static GeneratedImages joined(List<GeneratedImages> parts) {
        return parts.size() == 1 ? parts.getFirst()
                : new GeneratedImages(Tensor.cat(0, parts.stream().map(GeneratedImages::latents_BCHW).toList()),
                        Tensor.cat(0, parts.stream().map(GeneratedImages::pixels_B3HW).toList()));
    }

    @Override
    public Stream<Tensor> tensors() { return Stream.of(latents_BCHW, pixels_B3HW); }

    /// Red, green and blue of each pixel, row after row, 0 to 255; an array an image.
    public List<byte[]> bytes() {
        try (var _ = TensorScope.open()) {
            var rounded = pixels_B3HW.mul(255.0).round().permute(0, 2, 3, 1).contiguous().to(DType.U8);
            return LongStream.range(0, rounded.size(0)).mapToObj(i -> rounded.select(0, i).contiguous().toBytes()).toList();
        }
    }
}
