package dev.fusedit.trainer.eval.features;

import dev.fusedit.fusion.vision.DinoFolder;
import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.trainer.log.PngImage;
import java.nio.file.Path;

/// DINOv2's class token, normed, of images stretched to 224 pixels (Stein et al. 2023, "Exposing flaws of generative model evaluation
/// metrics", and its `dgm-eval`). In f32.
public record DinoEncoder(DinoFolder.Loaded dino, Path folder) implements ImageEncoder {
    public static final int SIDE = 224;

    /// @throws dev.fusedit.torch.UserError if it is no folder of a DINOv2
    public static DinoEncoder open(Path folder, Device device) {
        return new DinoEncoder(DinoFolder.read(folder, DTypePolicy.F32.on(device)), folder);
    }

    @Override
    public String name() {
        return "DINOv2 in %s, %d px, bicubic, class token".formatted(folder.toAbsolutePath().normalize().getFileName(), side());
    }

    /// Whole patches, where a patch is not one of 224's.
    private int side() { return Math.max(1, SIDE / dino.model().config().patch()) * dino.model().config().patch(); }

    @Override
    public Device device() { return dino.weights().policy().device(); }

    @Override
    public Tensor prepared(PngImage image) {
        return TensorScope.scoped(() -> dino.normalization().apply(ImagePixels.signed(ImagePixels.square(image, side()))));
    }

    @Override
    public Tensor encoded(Tensor prepared_BCHW) { return TensorScope.scoped(() -> dino.model().forward(prepared_BCHW).select(1, 0)); }

    @Override
    public void close() { dino.close(); }
}
