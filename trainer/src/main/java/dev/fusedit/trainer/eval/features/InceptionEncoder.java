package dev.fusedit.trainer.eval.features;

import dev.fusedit.fusion.vision.InceptionV3;
import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.TensorFiles;
import dev.fusedit.trainer.data.image.PillowResize;
import dev.fusedit.trainer.log.PngImage;
import java.nio.file.Path;

/// The FID's Inception v3, images prepared as clean-fid prepares them.
public record InceptionEncoder(InceptionV3 network, Weights weights) implements ImageEncoder {
    private static final String CONVOLUTION = "Conv2d_1a_3x3.conv.weight";

    /// @param file NVIDIA's TorchScript `inception-2015-12-05.pt`, pytorch-fid's `pt_inception-2015-12-05-6726825d.pth`, or the tensors of
    ///        either as safetensors; no program is run
    /// @throws UserError if it is none of these
    public static InceptionEncoder open(Path file, Device device) {
        try (var tensors = TensorFiles.open(file)) {
            var named = InceptionV3.named(tensors);
            if (!named.contains(CONVOLUTION)) {
                throw new UserError(
                        ("%s: holds neither '%s' nor 'layers.conv.weight' with 'layers.conv.beta', so it is not the FID's Inception v3. Give "
                                + "inception-2015-12-05.pt (NVIDIA's TorchScript), pt_inception-2015-12-05-6726825d.pth (pytorch-fid), or the "
                                + "tensors of either as safetensors").formatted(file, CONVOLUTION));
            }
            var weights = Weights.stored(named, DTypePolicy.F32.on(device));
            try {
                var network = InceptionV3.of(weights);
                weights.requireComplete();
                return new InceptionEncoder(network, weights);
            } catch (RuntimeException e) {
                weights.close();
                throw e;
            }
        }
    }

    @Override
    public String name() { return "Inception v3 of the FID, 299 px, as clean-fid"; }

    @Override
    public Device device() { return weights.policy().device(); }

    /// Each channel by Pillow's bicubic filter to 299 × 299, not rounded, cut at 0 and 255, then (x − 128) / 128.
    @Override
    public Tensor prepared(PngImage image) {
        return TensorScope.scoped(() -> {
            int side = InceptionV3.SIDE;
            Tensor down = Tensor.of(PillowResize.weights(image.height(), side, PillowResize.Filter.BICUBIC), side, image.height());
            Tensor along = Tensor.of(PillowResize.weights(image.width(), side, PillowResize.Filter.BICUBIC), side, image.width());
            var resized = down.matmul(ImagePixels.bytes(image).to(DType.F64).matmul(along.transpose(0, 1)));
            return resized.to(DType.F32).clamp(0.0, 255.0).sub(128).div(128.0);
        });
    }

    @Override
    public Tensor encoded(Tensor prepared_BCHW) { return network.features(prepared_BCHW); }

    @Override
    public void close() { weights.close(); }
}
