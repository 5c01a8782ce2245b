package dev.fusedit.trainer.eval.features;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.trainer.data.image.PillowResize;
import dev.fusedit.trainer.data.image.RgbImage;
import dev.fusedit.trainer.data.image.CoverCrop;
import dev.fusedit.trainer.data.image.ImageSize;
import dev.fusedit.trainer.log.PngImage;

/// Images as encoders' own preparations make them: sizes by Pillow's filters, in 8 bits.
final class ImagePixels {
    private ImagePixels() {}

    private static RgbImage rgb(PngImage image) { return new RgbImage(image.width(), image.height(), image.rgb()); }

    /// Stretched to a square.
    static RgbImage square(PngImage image, int side) {
        return PillowResize.resize(rgb(image), side, side, PillowResize.Filter.BICUBIC);
    }

    /// Its short side resized, the middle cut out, as transformers' image processors do: the odd pixel is left below and to the right.
    static RgbImage middle(PngImage image, int side) {
        var crop = new CoverCrop(ImageSize.square(side), PillowResize.Filter.BICUBIC);
        var covering = crop.covering(new ImageSize(image.width(), image.height()));
        return crop.of(rgb(image), new CoverCrop.Corner((covering.height() - side) / 2, (covering.width() - side) / 2));
    }

    /// (1, 3, height, width), f32, 0 to 255.
    static Tensor bytes(RgbImage image) {
        return TensorScope.scoped(() -> Tensor.of(image.rgb(), 1, image.height(), image.width(), 3).to(DType.F32).permute(0, 3, 1, 2)
                .contiguous());
    }

    /// The same from −1 to 1.
    static Tensor signed(RgbImage image) { return TensorScope.scoped(() -> bytes(image).div(127.5).sub(1)); }

    static Tensor bytes(PngImage image) { return bytes(rgb(image)); }
}
