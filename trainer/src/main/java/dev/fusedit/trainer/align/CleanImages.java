package dev.fusedit.trainer.align;

import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.Tensors;
import java.util.stream.Stream;

/// Images without noise, as a vision encoder is to see them, or has seen them.
public sealed interface CleanImages extends Tensors {
    /// @param images_BCHW in −1 to 1; not latents
    record Pixels(Tensor images_BCHW) implements CleanImages {
        @Override
        public Stream<Tensor> tensors() { return Stream.of(images_BCHW); }
    }

    /// What the encoder made of them, as [Teacher#features] returns it.
    ///
    /// @param features_BNF f32
    record Seen(Tensor features_BNF) implements CleanImages {
        @Override
        public Stream<Tensor> tensors() { return Stream.of(features_BNF); }
    }
}
