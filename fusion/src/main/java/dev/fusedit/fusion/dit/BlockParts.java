package dev.fusedit.fusion.dit;

import dev.fusedit.nn.Taps;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.Tensors;
import java.util.Objects;
import java.util.stream.Stream;

/// One fused layer's image side in parts, each to be computed by itself: for finding out what takes the time.
///
/// @param x_BNC what the layer is given; a leaf
public record BlockParts(FuseLayer layer, ImagePass pass, Modulation mod, TextState text, Tensor x_BNC) implements Tensors {
    /// @param latents (B, channels, height, width)
    /// @param timesteps_B noise levels, 0 to 1000
    /// @param text stays the caller's
    public static BlockParts of(FuseDiT model, int index, Tensor latents, Tensor timesteps_B, TextState text) {
        return TensorScope.scoped(() -> {
            try (var _ = Autograd.noGrad()) {
                var layer = model.layers().get(index);
                var x = model.dit().enter(latents, Taps.NONE);
                var time = model.dit().time(timesteps_B, null, x, Taps.NONE);
                var pass = model.dit().pass(model.config().fusion(), model.mask(),
                        new ImageInput(latents, timesteps_B, text, null, Wish.NONE), time, x);
                return new BlockParts(layer, pass, layer.image().modulation(time), text, x);
            }
        });
    }

    /// Queries, keys and values, their norms and positions, the attention over text and image, and its output.
    public Tensor attention() { return layer.attended(x_BNC, text.blocks().get(layer.index()), pass, mod); }

    /// The gated MLP with its norm.
    public Tensor mlp() { return layer.image().mlp(x_BNC, mod); }

    /// The two norms with their modulation, which are part of the other two as well.
    public Tensor norms() {
        var block = layer.image();
        return TensorScope.scoped(() -> {
            var first = block.input().norm().modulated(x_BNC, mod.scaleAttention(), mod.shiftAttention());
            var second = block.preMlp() == null ? block.postAttention() : block.preMlp();
            return first.add(second.modulated(x_BNC, mod.scaleMlp(), mod.shiftMlp()));
        });
    }

    @Override
    public Stream<Tensor> tensors() {
        return Stream.of(pass, mod, x_BNC).flatMap(part -> Objects.requireNonNull(part).tensors());
    }
}
