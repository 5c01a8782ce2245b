package dev.fusedit.fusion.dit;

import dev.fusedit.nn.RotaryEmbedding.RotaryTable;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.Tensors;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// What all blocks need of a batch of noisy images, made once.
///
/// @param time the noise level; null where it is not told
/// @param rotary rotary positions; null with sine/cosine ones
/// @param visibility what they see of the text
/// @param gates what of attention's gradients passes into keys and values
record ImagePass(TimeEmbedding.@Nullable State time, @Nullable RotaryTable rotary, TextVisibility visibility, GradientMask.Gates gates)
        implements Tensors {
    @Override
    public Stream<Tensor> tensors() {
        return Stream.of(time, rotary, visibility, gates).filter(Objects::nonNull).flatMap(part -> Objects.requireNonNull(part).tensors());
    }
}
