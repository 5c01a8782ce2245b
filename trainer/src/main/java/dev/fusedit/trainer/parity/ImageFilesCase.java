package dev.fusedit.trainer.parity;

import com.fasterxml.jackson.databind.JsonNode;
import dev.fusedit.fusion.parity.Case;
import dev.fusedit.fusion.parity.Expected;
import dev.fusedit.fusion.parity.ParityReport.CaseResult;
import dev.fusedit.fusion.parity.Tolerance;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.SafeTensors;
import dev.fusedit.trainer.data.image.ImageDecoder;
import dev.fusedit.trainer.data.image.ImageDecoding;
import dev.fusedit.trainer.data.image.PillowResize;
import dev.fusedit.trainer.data.image.RgbImage;
import dev.fusedit.trainer.data.image.CoverCrop;
import java.io.IOException;
import java.nio.file.Files;

/// Files of images: decoded, resized, cropped. All but a JPEG's decoding to the bit; what comes after that is computed from the
/// expected decoded pixels, so it is to the bit there too.
record ImageFilesCase(Case files, Expected expected) {
    private static final long CROP_SEED = 7;

    static boolean is(Case here) { return here.configHas("resolutions"); }

    static CaseResult run(Case files) {
        try (var file = SafeTensors.open(files.file("expected.safetensors"))) {
            var here = new ImageFilesCase(files, new Expected(file, _ -> true));
            var config = files.json("config.json");
            config.path("files").fieldNames().forEachRemaining(name -> here.file(name, config.path("resolutions")));
            return here.expected.result(files.name());
        }
    }

    private void file(String name, JsonNode sides) {
        try (var _ = TensorScope.open()) {
            var path = files.file("files").resolve(name);
            var bytes = Files.readAllBytes(path);
            var image = ImageDecoder.decode(bytes, path.toString(), ImageDecoding.REFERENCE);
            var key = name + "/decoded_u8";
            expected.compare(key, tensor(image), isJpeg(bytes) ? Tolerance.TWO_STEPS : Tolerance.EXACT);
            var same = expected.has(key) ? image(expected.read(key)) : image;
            sides.forEach(side -> square(name + "/" + side.asInt() + ".", same, CoverCrop.square(side.asInt())));
        } catch (IOException e) {
            throw new UserError("%s: cannot be read (%s)".formatted(files.file("files").resolve(name), e.getMessage()), e);
        }
    }

    private static boolean isJpeg(byte[] file) { return file.length > 2 && (file[0] & 0xff) == 0xff && (file[1] & 0xff) == 0xd8; }

    private void square(String prefix, RgbImage image, CoverCrop crop) {
        var covering = crop.covering(image.size());
        expected.compare(prefix + "resized_u8", tensor(PillowResize.resize(image, covering.width(), covering.height(), crop.filter())),
                Tolerance.EXACT);
        var random = Seed.of(CROP_SEED).stream();
        var corner = crop.random(image.size(), below -> (int) random.randint(0, below, 1).itemLong());
        expected.compare(prefix + "random_crop_seed7_top_left", new double[] {corner.top(), corner.left()}, Tolerance.EXACT);
        var square = crop.of(image, crop.centre(image.size()));
        expected.compare(prefix + "pixel_values", Tensor.of(CoverCrop.pixels(square), 3, crop.size().height(), crop.size().width()),
                Tolerance.EXACT);
    }

    private static Tensor tensor(RgbImage image) { return Tensor.of(image.rgb(), image.height(), image.width(), 3); }

    private static RgbImage image(Tensor hwc) { return new RgbImage((int) hwc.size(1), (int) hwc.size(0), hwc.toBytes()); }
}
