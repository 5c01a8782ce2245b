package dev.fusedit.trainer.eval.features;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusedit.fusion.vision.Normalization;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.SafeTensors;
import dev.fusedit.trainer.data.blocks.Blocks;
import dev.fusedit.trainer.data.blocks.Split;
import dev.fusedit.trainer.log.PngImage;
import java.nio.file.Path;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoTensorLeaks.class)
class EncodersTest {
    private static final Path GOLDENS = Path.of("../fusion/src/test/resources/goldens");

    /// transformers' CLIPImageProcessor on an uneven image.
    @Test
    void imagesArePreparedAsTransformersDoes() {
        try (var io = SafeTensors.open(GOLDENS.resolve("clip_vision/gelu/io.safetensors")); var _ = TensorScope.open()) {
            var image = io.read("image_u8");
            var png = new PngImage((int) image.size(1), (int) image.size(0), image.toBytes());
            var prepared = Normalization.CLIP.apply(ImagePixels.signed(ImagePixels.middle(png, 28)));
            var wanted = io.read("pixel_values").narrow(0, 0, 1);
            assertThat(prepared.sub(wanted).abs().max().item()).isLessThan(2e-6);
        }
    }

    @Test
    void aJpegCopyIsNearAndNotTheSame() {
        var image = new PngImage(32, 32, Blocks.sample(1, 1, Split.SEEN).rgb());
        var copy = JpegCopy.of(image);
        double off = 0;
        for (int i = 0; i < copy.rgb().length; i++) off += Math.abs((copy.rgb()[i] & 255) - (image.rgb()[i] & 255));
        assertThat(off / copy.rgb().length).isBetween(0.1, 12.0);
    }

    @Test
    void otherWeightsAreNoInception() {
        Assertions.assertThatThrownBy(() -> InceptionEncoder.open(GOLDENS.resolve("clip_vision/gelu/weights.safetensors"), Device.CPU))
                .isInstanceOf(UserError.class).hasMessageContaining("is not the FID's Inception v3. Give inception-2015-12-05.pt");
    }
}
