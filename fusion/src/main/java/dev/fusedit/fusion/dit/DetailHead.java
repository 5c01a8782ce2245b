package dev.fusedit.fusion.dit;

import dev.fusedit.nn.Activation;
import dev.fusedit.nn.Conv2d;
import dev.fusedit.nn.Init;
import dev.fusedit.nn.Weights;
import dev.fusedit.nn.ops.CountingOps;
import dev.fusedit.nn.ops.Ops;
import dev.fusedit.nn.ops.Parts;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.util.List;
import java.util.stream.IntStream;

/// 3 × 3 convolutions over what the patches predict, y, and the noisy image, z, after the last layer. A linear layer draws each patch alone; edges
/// run across patches, and are the same everywhere, which convolutions need to learn only once.
///
///     h₁ ← silu(W₁ ∗ [y; z; σ]),  hᵢ ← silu(Wᵢ ∗ hᵢ₋₁),  ŷ ← y + Wₙ ∗ hₙ₋₁
///
/// The last convolution's weights are 0 at first, so that a model begins as it would without the head. σ is a plane of the noise level; models that
/// are not told it have none.
///
/// After the Patch Detailer Head of DiP (Chen et al. 2025, arXiv 2511.18822), which refines what a DiT of large patches makes. Notable: that one is
/// a U-Net within each patch and reads hidden states; this one crosses patches and reads the prediction, so that it costs little.
///
/// @param last makes the change
record DetailHead(List<Conv2d> inner, Conv2d last) {
    private static final double LEVELS = 1000;

    static DetailHead of(DiTConfig config, DetailHeadConfig head, Weights weights) {
        long read = config.outChannels() + (long) config.inChannels() + (config.time().isTold() ? 1 : 0);
        var inner = IntStream.range(0, head.layers() - 1)
                .mapToObj(i -> Conv2d.same(weights.in(String.valueOf(i)), Init.XAVIER, i == 0 ? read : head.width(), head.width()))
                .toList();
        return new DetailHead(inner,
                Conv2d.same(weights.in(String.valueOf(head.layers() - 1)), Init.ZEROS, head.width(), config.outChannels()));
    }

    /// What is read beside the prediction: [z; σ], in the dtype that matrices are multiplied in.
    ///
    /// @param latents z, (B, channels, height, width)
    /// @param timesteps_B noise levels, 0 to 1000
    Tensor beside(Tensor latents, Tensor timesteps_B, TimeConditioning time) {
        var dtype = last.weight_OISS().dtype();
        return TensorScope.scoped(() -> time.isTold()
                ? Tensor.cat(1, latents.to(dtype), timesteps_B.div(LEVELS).to(dtype).view(-1, 1, 1, 1).expand(latents.size(0), 1,
                        latents.size(2), latents.size(3)))
                : latents.to(dtype).copy());
    }

    /// @param predicted y, (B, channels, height, width), of whole patches
    /// @param beside of [#beside]
    /// @return of the prediction's shape and dtype
    Tensor forward(Ops ops, Tensor predicted, Tensor beside) {
        return TensorScope.scoped(() -> {
            var read = ops.map(predicted, y -> Tensor.cat(1, y.to(beside.dtype()),
                    beside.narrow(2, 0, y.size(2)).narrow(3, 0, y.size(3))));
            return ops.map(Parts.of(predicted, change(ops, read)), DetailHead::sum);
        });
    }

    private static Tensor sum(Parts of) {
        var predicted = of.list().getFirst();
        return predicted.add(of.list().getLast().to(predicted.dtype()));
    }

    private Tensor change(Ops ops, Tensor read) {
        return TensorScope.scoped(() -> {
            var x = read;
            for (var conv : inner) {
                x = ops.activation(Activation.SILU, ops.convolution(conv, x));
            }
            return ops.convolution(last, x);
        });
    }

    /// What the convolutions take of so many pixels.
    ///
    /// @param learns whether a gradient flows to what they read
    void count(CountingOps ops, boolean learns, long pixels) {
        try (var _ = TensorScope.open()) {
            change(ops, ops.input(learns, 1, inner.getFirst().weight_OISS().size(1), pixels, 1));
        }
    }
}
