package dev.fusedit.fusion.vae;

import dev.fusedit.nn.Conv2d;
import dev.fusedit.nn.ForwardHooks;
import dev.fusedit.nn.GroupNorm;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.util.function.UnaryOperator;

/// One stage after another, each shown to the forward hooks. What a stage read is freed after it: an image's activations are too large to
/// keep two stages of them. (With gradients the graph holds its own references.)
final class Stages {
    private final Tensor input;
    private final ForwardHooks hooks;
    private Tensor x;

    Stages(Tensor input, ForwardHooks hooks) {
        this.input = input;
        this.hooks = hooks;
        this.x = input;
    }

    void then(String name, UnaryOperator<Tensor> stage) {
        var next = stage.apply(x);
        if (x != input) {
            x.free();
        }
        x = next;
        hooks.see(name, x);
    }

    /// conv(silu(norm(x))), and with it the end.
    Tensor finish(GroupNorm norm, Conv2d conv) {
        then("conv_norm_out", norm::apply);
        then("conv_out", normed -> TensorScope.scoped(() -> conv.apply(normed.silu())));
        return x;
    }
}
