package dev.fusedit.trainer.data;

import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.Tensors;
import java.util.Optional;
import java.util.stream.Stream;

/// What of a batch is on the device already ([DevicePrefetch] owns it, until the next batch is asked for). The arrays that it came from stay.
///
/// @param images (B, height, width, 3), u8; empty where there are none, or they were not carried
/// @param latents as stored, f32, one row an image
/// @param features likewise
public record Carried(Optional<Tensor> images, Optional<Tensor> latents, Optional<Tensor> features) implements Tensors {
    public static final Carried NOTHING = new Carried(Optional.empty(), Optional.empty(), Optional.empty());

    @Override
    public Stream<Tensor> tensors() { return Stream.of(images, latents, features).flatMap(Optional::stream); }
}
