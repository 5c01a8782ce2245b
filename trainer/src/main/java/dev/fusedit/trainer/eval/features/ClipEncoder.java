package dev.fusedit.trainer.eval.features;

import com.google.common.collect.Lists;
import dev.fusedit.fusion.pipeline.PooledText;
import dev.fusedit.fusion.vision.ClipFolder;
import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.trainer.log.PngImage;
import java.nio.file.Path;
import java.util.List;

/// A whole CLIP: vectors of images and of texts, not normalised, in f32.
public record ClipEncoder(ClipFolder.Loaded clip, Path folder) implements ImageEncoder {
    private static final int PAD = 0;

    /// @throws dev.fusedit.torch.UserError if it is no folder of a whole CLIP
    public static ClipEncoder open(Path folder, Device device) {
        return new ClipEncoder(ClipFolder.read(folder, DTypePolicy.F32.on(device)), folder);
    }

    private int side() { return clip.vision().config().imageSide(); }

    @Override
    public String name() {
        return "CLIP in %s, %d px, bicubic, middle cut out, projected".formatted(folder.toAbsolutePath().normalize().getFileName(), side());
    }

    @Override
    public Device device() { return clip.weights().getFirst().policy().device(); }

    @Override
    public Tensor prepared(PngImage image) {
        return TensorScope.scoped(() -> clip.normalization().apply(ImagePixels.signed(ImagePixels.middle(image, side()))));
    }

    @Override
    public Tensor encoded(Tensor prepared_BCHW) { return TensorScope.scoped(() -> clip.vision().forward(prepared_BCHW).embeds_BO()); }

    /// (N, F), on the CPU; longer texts are cut.
    public Tensor texts(List<String> texts) {
        try (var _ = Autograd.noGrad()) {
            var reader = new PooledText(clip.text(), clip.tokenizer(), PAD);
            return TensorScope.scoped(() -> Tensor.cat(0, Lists.partition(texts, BATCH).stream().map(reader::of).toList()).to(Device.CPU));
        }
    }

    @Override
    public void close() { clip.close(); }
}
