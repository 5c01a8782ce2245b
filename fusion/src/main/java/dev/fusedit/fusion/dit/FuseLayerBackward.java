package dev.fusedit.fusion.dit;

import dev.fusedit.nn.KeyValues;
import dev.fusedit.torch.CustomFunction;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.fused.Fused;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// [FuseLayer#image] with a custom backward pass: matmuls by libtorch, attention by a small graph, and all that lies
/// between them in one pass each over memory ([dev.fusedit.torch.fused]). On a CPU autograd's many passes over that cost a small model a
/// quarter (f32) to half (bf16) of the time of its products.
///
/// @param shared the text's keys and values for this layer, null for a plain block
record FuseLayerBackward(FuseLayer layer, @Nullable KeyValues shared, ImagePass pass) implements CustomFunction {
    /// Null where the layer has a part without a custom backward pass: GELU by the error function, projections with biases, weights of
    /// another dtype, or a norm that the text's own graph shares.
    /// Gradient masks make no difference, or they would change bits forward.
    static @Nullable FuseLayerBackward of(FuseLayer layer, @Nullable KeyValues shared, ImagePass pass, Tensor x_BNC) {
        var block = layer.image();
        boolean custom = Fused.serves(x_BNC) && block.mlp().activation().fused() != null && block.qkv() != null
                && block.mlp().gateUp() != null && block.config().headDim() % 2 == 0
                && block.q().weight_OI().dtype() == x_BNC.dtype()
                && (block.text() == null || block.kNorm() == null);
        return custom ? new FuseLayerBackward(layer, shared, pass) : null;
    }

    /// Where nothing but a norm or the text learns, the graph does it as well.
    @Override
    public boolean requiresGrad(Tensor x) {
        var block = layer.image();
        return Stream.of(x, block.q().weight_OI(), block.k().weight_OI(), block.v().weight_OI(), block.o().weight_OI(),
                block.postAttention().weight_C(), block.mlp().gate().weight_OI(), block.mlp().up().weight_OI(),
                block.mlp().down().weight_OI(), block.input().norm().weight_C()).anyMatch(Tensor::requiresGrad);
    }

    @Override
    public Node forward(Tensor x) {
        var owner = TensorScope.holding();
        try {
            return new LayerNode(x, owner);
        } catch (RuntimeException e) { // memory may end anywhere
            owner.close();
            throw e;
        }
    }

    private final class LayerNode implements Node {
        private final TensorScope owner;
        private final ModulationBackward modulation;
        private final SelfAttentionBackward attention;
        private final @Nullable CrossAttentionBackward cross;
        private final MlpBackward mlp;
        private final Tensor result;

        LayerNode(Tensor x, TensorScope owner) {
            this.owner = owner;
            try (var _ = TensorScope.open()) {
                modulation = new ModulationBackward(layer.image().input(), pass.time());
                owner.hold(modulation.values());
                attention = new SelfAttentionBackward(layer, shared, pass, modulation, x, owner);
                var attended = owner.hold(attention.result());
                var crossed = layer.image().cross();
                cross = layer.fusion() instanceof Fusion.CrossAttention && crossed != null && shared != null
                        ? new CrossAttentionBackward(crossed, shared, layer.scaling(shared), pass.visibility(),
                                pass.gates().text(layer.index()), attended, owner)
                        : null;
                mlp = new MlpBackward(layer.image(), modulation, cross == null ? attended : owner.hold(cross.result()), owner);
                result = owner.hold(mlp.result());
            }
        }

        @Override
        public Tensor result() { return result; }

        @Override
        public Tensor backward(Tensor gradient) {
            return TensorScope.scoped(() -> {
                var sum = gradient.copy().contiguous();
                mlp.backward(sum);
                if (cross != null) {
                    cross.backward(sum);
                }
                attention.backward(sum);
                modulation.backward();
                return sum;
            });
        }

        @Override
        public void close() { owner.close(); }
    }
}
