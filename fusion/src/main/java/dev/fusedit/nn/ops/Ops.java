package dev.fusedit.nn.ops;

import dev.fusedit.nn.Activation;
import dev.fusedit.nn.AttentionMask;
import dev.fusedit.nn.Conv2d;
import dev.fusedit.nn.GatedMlp;
import dev.fusedit.nn.GradientGate;
import dev.fusedit.nn.JoinedLinear;
import dev.fusedit.nn.KeyValues;
import dev.fusedit.nn.Linear;
import dev.fusedit.nn.PackedRows;
import dev.fusedit.nn.RmsNorm;
import dev.fusedit.nn.RotaryEmbedding.RotaryTable;
import dev.fusedit.nn.ScoreScaling;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorRecord;
import dev.fusedit.torch.Tensors;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// How a model is computed. Layers call ops and nothing else, so that each layer's equation is written once:
///
///     var n = ops.norm(norm, x);
///     x = ops.add(x, ops.gatedMlp(mlp, n));
///
/// Letters: B batch, N tokens, C width, H heads, K key/value heads, D a head's width, X = H · D, L keys. Results belong to the innermost scope.
public interface Ops {
    /// Keeps nothing for a backward pass.
    Ops INFERENCE = new InferenceOps();

    /// libtorch's graph: the checker, and for what a user builds himself. Where nothing that an op reads requires a gradient, as [#INFERENCE].
    Ops AUTOGRAD = new AutogradOps();

    <R extends TensorRecord<R>> R run(Op<R> op);

    // ---- what a model is made of

    /// A layer. With activation checkpointing it is computed a second time when its gradient is due, so it must give the same values twice.
    ///
    /// @param x its input, one tensor or several, which a segment or [#graph] made
    /// @param body calls the ops that it is given on the x that it is given, on parameters, and on what segments or [#graph] made, which
    ///        stays open until the backward pass ([#hold])
    <A extends TensorRecord<A>, R extends TensorRecord<R>> R segment(A x, BiFunction<Ops, A, R> body);

    /// A part in libtorch's ops, for what has no op, outside of all segments: embeddings, patches.
    <R extends TensorRecord<R>> R graph(Supplier<R> body);

    /// Keeps what segments read beside their input open as long as they may need it; it stays its owner's where nothing is computed twice.
    <T extends Tensors> T hold(T read);

    // ---- ops by name

    /// norm(x), see [ModulatedNorm].
    default Tensor norm(RmsNorm norm, Tensor x) { return run(new ModulatedNorm(norm, x, null, null)); }

    /// norm(x) · (1 + scale) + shift, (B, N, C).
    ///
    /// @param scale_B1C null for none
    /// @param shift_B1C null for none
    default Tensor norm(RmsNorm norm, Tensor x_BNC, @Nullable Tensor scale_B1C, @Nullable Tensor shift_B1C) {
        return run(new ModulatedNorm(norm, x_BNC, scale_B1C, shift_B1C));
    }

    /// x · weightᵀ + bias, see [LinearOp].
    default Tensor linear(Linear linear, Tensor x) { return run(new LinearOp(linear, x)); }

    /// Linear layers of the same input, as one matmul where their weights lie together, see [JoinedLinearOp].
    default List<Tensor> linears(JoinedLinear joined, Tensor x) {
        return joined.isWhole(x.dtype()) ? run(new JoinedLinearOp(joined, x)).list()
                : joined.parts().stream().map(part -> linear(part, x)).toList();
    }

    /// Heads of queries, keys or values, normed over their width and rotated by their positions, see [HeadsOp].
    ///
    /// @return (B, H, N, D)
    default Tensor heads(Tensor x_BNX, int heads, @Nullable RmsNorm norm, @Nullable RotaryTable rotary) {
        return run(new HeadsOp(x_BNX, heads, norm, rotary));
    }

    /// Rotary positions of heads that are split already.
    default Tensor rotate(Tensor x_BHND, RotaryTable rotary) { return run(new RotateOp(x_BHND, rotary)); }

    /// One sequence of keys and values, then the other.
    default KeyValues concat(KeyValues first, KeyValues next) { return run(new ConcatOp(first, next)); }

    /// The same values, through which only a share of the gradient passes.
    default <R extends TensorRecord<R>> R gate(GradientGate gate, R x) { return gate.isOpen() ? x : run(new GateOp<>(gate, x)); }

    /// softmax(q · kᵀ · scale) · v with heads merged, (B, N, H · D), see [AttentionOp].
    default Tensor attention(Tensor q_BHND, KeyValues read, ScoreScaling scaling, AttentionMask mask) {
        return run(new AttentionOp(q_BHND, read, scaling, mask));
    }

    /// Packed tokens as rows, see [SpreadOp].
    default Tensor spread(PackedRows rows, Tensor x_1KSD) { return run(new SpreadOp(x_1KSD, rows)); }

    /// Rows as packed tokens, see [PackOp].
    default Tensor pack(PackedRows rows, Tensor x_BTX) { return run(new PackOp(x_BTX, rows)); }

    /// down(act(gate(x)) · up(x)), see [GatedMlpOp].
    default Tensor gatedMlp(GatedMlp mlp, Tensor x) {
        return mlp.isAdapted() ? linear(mlp.down(), run(new GatedProductOp(mlp.activation(), linear(mlp.gate(), x), linear(mlp.up(), x))))
                : run(new GatedMlpOp(mlp, x));
    }

    /// W ∗ x + b over images (B, I, height, width), see [ConvolutionOp].
    default Tensor convolution(Conv2d conv, Tensor x) { return run(new ConvolutionOp(conv, x)); }

    /// act(x), see [ActivationOp].
    default Tensor activation(Activation activation, Tensor x) { return run(new ActivationOp(activation, x)); }

    /// x + change.
    default Tensor add(Tensor x, Tensor change) { return run(new GatedAdd(x, change, null)); }

    /// x + gate · change.
    ///
    /// @param gate (B or 1, 1, C or 1); null for 1
    default Tensor add(Tensor x, Tensor change, @Nullable Tensor gate) { return run(new GatedAdd(x, change, gate)); }

    /// A vector a sample in equal parts, plus a table if there is one: each (B, 1, C), see [ModulationOp].
    default List<Tensor> modulation(Tensor all_BX, @Nullable Tensor table_X, int parts) {
        return run(new ModulationOp(all_BX, table_X, parts)).list();
    }

    /// Any function in libtorch's ops, inside a segment.
    ///
    /// @param input all that a gradient flows to but parameters
    default <A extends TensorRecord<A>, R extends TensorRecord<R>> R map(A input, Function<A, R> function) {
        return run(new MapOp<>(input, function));
    }
}
