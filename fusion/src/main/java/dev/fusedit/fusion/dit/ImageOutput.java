package dev.fusedit.fusion.dit;

import com.google.common.collect.ImmutableMap;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.Tensors;
import java.util.Map;
import java.util.stream.Stream;

/// What the image side makes.
///
/// @param prediction of the latents' shape and dtype
/// @param features_BNC outputs of the blocks that were asked for, counted from 1
public record ImageOutput(Tensor prediction, Map<Integer, Tensor> features_BNC) implements Tensors {
    public ImageOutput {
        features_BNC = ImmutableMap.copyOf(features_BNC);
    }

    @Override
    public Stream<Tensor> tensors() { return Stream.concat(Stream.of(prediction), features_BNC.values().stream()); }
}
