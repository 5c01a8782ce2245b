package dev.fusedit.trainer.model;

import com.google.common.collect.Maps;
import dev.fusedit.fusion.vae.AutoencoderConfig;
import dev.fusedit.fusion.vae.AutoencoderKL;
import dev.fusedit.fusion.vae.LatentSpace;
import dev.fusedit.fusion.vae.Posterior;
import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.FileInfo;
import dev.fusedit.torch.io.FolderTensors;
import dev.fusedit.torch.io.JsonFile;
import dev.fusedit.torch.io.TensorFiles;
import java.nio.file.Path;
import java.util.ArrayList;

/// What a model's images are made of: pixels, or an autoencoder's latents.
public sealed interface Latents extends AutoCloseable {
    Latents PIXELS = new Pixels();

    /// Clean images as the model is trained on them, f32, (B, channels, height / factor, width / factor).
    ///
    /// @param images (B, 3, height, width) in [-1, 1]
    /// @param draws of which image i takes the i-th where latents are drawn
    default Tensor of(Tensor images, Seed draws) { return TensorScope.scoped(() -> drawn(encoded(images), draws, 0)); }

    /// What of the images no chance has a part in: it need be computed only once. On the CPU an image's does not depend on its neighbours in
    /// the batch, to the bit.
    Tensor encoded(Tensor images);

    /// The latents of what [#encoded] made.
    ///
    /// @param first place of the first image in its batch
    Tensor drawn(Tensor encoded, Seed draws, int first);

    /// How images are made of it again.
    LatentSpace space();

    /// Frees what was read for it.
    @Override
    void close();

    /// The model sees pixels.
    record Pixels() implements Latents {
        @Override
        public Tensor encoded(Tensor images) { return images; }

        @Override
        public Tensor drawn(Tensor encoded, Seed draws, int first) { return encoded; }

        @Override
        public LatentSpace space() { return new dev.fusedit.fusion.vae.Pixels(); }

        @Override
        public void close() {}
    }

    /// The model sees what a frozen autoencoder makes of images: a sample of the posterior, shifted and scaled to mean 0 and variance 1.
    /// All in f32, without gradients; on the CPU one image at a time.
    ///
    /// @param weights of the autoencoder; closed with this
    record Encoded(AutoencoderKL vae, Weights weights) implements Latents {
        private static final int AT_ONCE = 8;

        /// Reads `config.json` and the weights of a folder in diffusers' form.
        ///
        /// @param name of the key that names the folder, for messages
        /// @throws UserError if the folder does not hold one
        public static Encoded read(Path folder, Device device, String name) {
            var config = folder.resolve("config.json");
            try (var file = TensorFiles.open(FolderTensors.weights(folder))) {
                var json = JsonFile.object(config, "%s needs the folder of an autoencoder in diffusers' form".formatted(name));
                var weights = Weights.stored(AutoencoderKL.named(file), DTypePolicy.F32.on(device));
                try {
                    var vae = AutoencoderKL.of(AutoencoderConfig.of(json, config.toString()), weights);
                    weights.requireComplete();
                    return new Encoded(vae, weights);
                } catch (RuntimeException e) {
                    weights.close();
                    throw e;
                }
            }
        }

        /// Moments of the posterior, (B, 2 · channels, height / factor, width / factor), f32.
        @Override
        public Tensor encoded(Tensor images) {
            long together = images.device().isCpu() ? 1 : AT_ONCE; // a batch's size chooses the kernel
            try (var scope = TensorScope.open(); var _ = Autograd.noGrad()) {
                var parts = new ArrayList<Tensor>();
                for (long i = 0; i < images.size(0); i += together) {
                    parts.add(vae.moments(images.narrow(0, i, Math.min(together, images.size(0) - i))));
                }
                return scope.keep(Tensor.cat(0, parts));
            }
        }

        @Override
        public Tensor drawn(Tensor moments, Seed draws, int first) {
            try (var scope = TensorScope.open(); var _ = Autograd.noGrad()) {
                var posterior = Posterior.of(moments);
                var shape = posterior.mean_BCHW().shape();
                var noise = new ArrayList<Tensor>();
                for (long i = 0; i < shape[0]; i++) {
                    noise.add(Tensor.randn(draws.derive("posterior", first + i), DType.F32, shape[1], shape[2], shape[3]));
                }
                return scope.keep(vae.scaled(posterior.sample(Tensor.stack(0, noise).to(moments.device()))));
            }
        }

        /// SHA-256 of what encodes: with other weights it is another one. The decoder has no part in it.
        public String sha256() {
            return FileInfo.sha256(Maps.filterKeys(weights.state(), name -> name.startsWith("encoder.") || name.startsWith("quant_conv.")));
        }

        @Override
        public LatentSpace space() { return vae; }

        @Override
        public void close() { weights.close(); }
    }
}
