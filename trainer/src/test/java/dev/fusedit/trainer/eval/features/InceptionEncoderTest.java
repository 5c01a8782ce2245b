package dev.fusedit.trainer.eval.features;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusedit.fusion.vision.InceptionV3;
import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.io.SafeTensors;
import dev.fusedit.trainer.log.PngImage;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// Against torchvision's network with the FID's four changes, and Pillow's filter: `inception_goldens.py`.
@Tag("numeric")
@ExtendWith(NoTensorLeaks.class)
class InceptionEncoderTest {
    @Test
    void imagesAreResizedAndSeenAsInPython() {
        var file = Path.of("../fusion/src/test/resources/inception/io.safetensors");
        try (var io = SafeTensors.open(file);
                var weights = Weights.fresh(Seed.of(1), DTypePolicy.F32);
                var _ = TensorScope.open();
                var _ = Autograd.noGrad()) {
            var encoder = new InceptionEncoder(InceptionV3.of(weights), weights);
            weights.state().forEach(InceptionEncoderTest::fill);
            for (var name : new String[] {"small", "large"}) {
                var image = io.read(name + ".image_u8");
                var prepared = encoder.prepared(new PngImage((int) image.size(1), (int) image.size(0), image.toBytes()));
                var resized = prepared.mul(128.0).add(128).select(0, 0).slice(1, 0, InceptionV3.SIDE, 23).slice(2, 0, InceptionV3.SIDE, 23);
                assertThat(resized.sub(io.read(name + ".resized")).abs().max().item()).as("%s, of 255", name).isLessThan(1e-4);
                var wanted = io.read(name + ".features");
                var off = encoder.encoded(prepared).sub(wanted).norm().item() / wanted.norm().item();
                assertThat(off).as("%s: relative", name).isLessThan(2e-4);
            }
        }
    }

    /// The formula of the script, in f64 as there.
    private static void fill(String name, Tensor value) {
        var hash = new CRC32();
        hash.update(name.getBytes(StandardCharsets.UTF_8));
        double shift = 0.1 * (hash.getValue() % 1000);
        var filled = new float[(int) value.numel()];
        for (int i = 0; i < filled.length; i++) {
            double mixed = (double) i * i * 0.6180339887 + shift;
            double wave = Math.sqrt(12) * (mixed - Math.floor(mixed) - 0.5);
            filled[i] = (float) (value.rank() > 1 ? Math.sqrt(2.0 / (value.numel() / value.size(0))) * wave
                    : name.endsWith("bias") || name.endsWith("mean") ? 0.1 * wave : 1 + 0.1 * wave);
        }
        try (var _ = TensorScope.open()) {
            value.copyInPlace(Tensor.of(filled, value.shape()));
        }
    }
}
