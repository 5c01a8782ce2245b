package dev.fusedit.trainer.eval.features;

import dev.fusedit.fusion.vision.InceptionV3;
import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.TensorFiles;
import dev.fusedit.trainer.log.PngImage;
import java.nio.file.Path;

/// The FID's Inception v3, images prepared as clean-fid prepares them.
public record InceptionEncoder(InceptionV3 network, Weights weights, TensorScope scope) implements ImageEncoder {
    private static final String CONVOLUTION = "Conv2d_1a_3x3.conv.weight";

    /// @param file pytorch-fid's `pt_inception-2015-12-05-6726825d.pth`, or the same tensors as safetensors
    /// @throws UserError if it is none of these
    public static InceptionEncoder open(Path file) {
        try (var tensors = TensorFiles.open(file)) {
            var named = InceptionV3.named(tensors);
            if (!named.contains(CONVOLUTION)) {
                throw new UserError(("%s: holds no tensor '%s', so it is not Inception v3 by torchvision's names. TorchScript programs are not "
                        + "run here: give pytorch-fid's weights (pt_inception-2015-12-05-6726825d.pth), the same network's").formatted(file,
                                CONVOLUTION));
            }
            var weights = Weights.stored(named, DTypePolicy.F32);
            var scope = TensorScope.open();
            try (var _ = Autograd.noGrad()) {
                var network = InceptionV3.of(weights);
                weights.requireComplete();
                return new InceptionEncoder(network, weights, scope);
            } catch (RuntimeException e) {
                scope.close();
                weights.close();
                throw e;
            }
        }
    }

    @Override
    public String name() { return "Inception v3 of the FID, 299 px, as clean-fid"; }

    @Override
    public Tensor prepared(PngImage image) { return TensorScope.scoped(() -> InceptionV3.prepared(ImagePixels.bytes(image))); }

    @Override
    public Tensor encoded(Tensor prepared_BCHW) { return network.features(prepared_BCHW); }

    @Override
    public void close() {
        scope.close();
        weights.close();
    }
}
