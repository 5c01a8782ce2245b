package dev.fusedit.fusion.dit;

import dev.fusedit.nn.ForwardHooks;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.Tensors;
import java.util.List;
import java.util.Objects;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import java.util.stream.Stream;

/// One fused layer's image side in parts, each to be computed by itself: for finding out what takes the time.
///
/// @param x_BNC what the layer is given; a leaf
public record BlockParts(FuseLayer layer, ImagePass pass, Modulation mod, TextKvCache text, Tensor x_BNC) implements Tensors {
    /// @param latents (B, channels, height, width)
    /// @param timesteps_B noise levels, 0 to 1000
    /// @param text stays the caller's
    public static BlockParts of(FuseDiT model, int index, Tensor latents, Tensor timesteps_B, TextKvCache text) {
        return TensorScope.scoped(() -> {
            try (var _ = Autograd.noGrad()) {
                var layer = model.layers().get(index);
                var x = model.dit().enter(latents, ForwardHooks.NONE);
                var time = model.dit().time(timesteps_B, null, x, ForwardHooks.NONE);
                var pass = model.dit().pass(model.config().fusion(), model.mask(),
                        new ImageInput(latents, timesteps_B, text, null, ForwardOptions.NONE), time, x);
                return new BlockParts(layer, pass, layer.image().modulation(time), text, x);
            }
        });
    }

    /// Computes queries, keys and values, their norms and positions, the attention over text and image, and its output.
    ///
    /// @param backward whether its gradients are computed too, as in training; they are added to those of the weights
    public void attention(boolean backward) {
        run(backward, () -> layer.attended(x_BNC, text.blocks().get(layer.index()), pass, mod), (custom, owner) -> {
            var part = new SelfAttentionBackward(layer, custom.shared(), pass, new ModulationBackward(layer.image().input(), pass.time()),
                    x_BNC, owner);
            part.backward(part.result());
        });
    }

    /// Computes the gated MLP with its norm.
    public void mlp(boolean backward) {
        run(backward, () -> layer.image().mlp(x_BNC, mod), (_, owner) -> {
            var part = new MlpBackward(layer.image(), new ModulationBackward(layer.image().input(), pass.time()), x_BNC, owner);
            part.backward(part.result());
        });
    }

    /// Computes the two norms with their modulation, which are part of the other two as well.
    public void norms(boolean backward) {
        var second = layer.image().preMlp() == null ? layer.image().postAttention() : layer.image().preMlp();
        run(backward, () -> layer.image().input().norm().modulated(x_BNC, mod.scaleAttention(), mod.shiftAttention())
                .add(second.modulated(x_BNC, mod.scaleMlp(), mod.shiftMlp())), (_, _) -> {
                    var values = new ModulationBackward(layer.image().input(), pass.time()).values();
                    for (var norm : List.of(
                            new NormBackward(layer.image().input().norm(), values.scaleAttention(), values.shiftAttention()),
                            new NormBackward(second, values.scaleMlp(), values.shiftMlp()))) {
                        var sum = norm.forward(x_BNC);
                        norm.backward(x_BNC, sum, sum);
                    }
                });
    }

    private void run(boolean backward, Supplier<Tensor> graph, BiConsumer<FuseLayerBackward, TensorScope> parts) {
        var custom = backward ? FuseLayerBackward.of(layer, text.blocks().get(layer.index()), pass, x_BNC) : null;
        try (var _ = TensorScope.open()) {
            if (custom == null) {
                var out = graph.get();
                if (backward) {
                    Autograd.backward(out, out.detach());
                }
                return;
            }
            try (var _ = Autograd.noGrad(); var owner = TensorScope.holding()) {
                parts.accept(custom, owner);
            }
        }
    }

    @Override
    public Stream<Tensor> tensors() {
        return Stream.of(pass, mod, x_BNC).flatMap(part -> Objects.requireNonNull(part).tensors());
    }
}
