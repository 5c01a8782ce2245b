package dev.fusedit.torch;

import java.util.function.Function;
import java.util.function.UnaryOperator;

/// Records a model's layers in training, for their backward pass. Autograd's graph is kept, or each layer is computed a second time when
/// its gradient is due (activation checkpointing, also called gradient checkpointing; PyTorch's `torch.utils.checkpoint`). A model is
/// written once, for both.
///
///     var state = tape.boundary(timeEmbedding(t));                 // all layers read it
///     var x = tape.boundary(embed(input));
///     for (var layer : layers) {
///         x = tape.segment(x, in -> layer.apply(in, state));
///     }
///     tape.backward(loss(x));
///
/// Gradients of graphs that are kept and of those that are made again are bit-equal on the CPU, as long as a segment gives the same values twice and no gradients were there before.
public sealed interface Tape extends AutoCloseable permits PlainTape, SegmentedTape {
    /// The graph is kept: nothing but the body itself is run.
    Tape PLAIN = new PlainTape();

    /// Activation checkpointing: of each segment only its input and output are kept (Chen et al. 2016, arXiv 1604.06174). For one backward
    /// pass; to be closed after it.
    static Tape checkpointed() { return new SegmentedTape(true); }

    /// The graph is kept in pieces, so that a [CustomFunction] may stand between them. For one backward pass; to be closed after it.
    static Tape segmented() { return new SegmentedTape(false); }

    /// Runs a part of the model.
    ///
    /// @param x its input: what a segment, or [#boundary], gave
    /// @param body may be run twice. What else it reads must need no gradient or be a leaf (weights, other segments' results, what
    ///        [#boundary] gave), and stay open until the backward pass ([#hold])
    <R extends TensorRecord<R>> R segment(Tensor x, Function<Tensor, R> body);

    /// As [#segment], for a part with a custom backward pass; the body does the same where the graph is one whole.
    Tensor custom(Tensor x, CustomFunction part, UnaryOperator<Tensor> body);

    /// How many custom functions were recorded so far.
    int customFunctions();

    /// Where a graph outside of all segments ends, so that they can read its results. It stays open as [#hold] says.
    <R extends TensorRecord<R>> R boundary(R made);

    /// A result of a segment for the next one, if others than that read it too: their gradients arrive as one number there, in both ways.
    Tensor fork(Tensor x);

    /// What bodies read beside their input, open until [#close]; it keeps its owner where nothing is run twice.
    <T extends Tensors> T hold(T read);

    /// The gradients of a loss on anything that segments gave, for all leaves. Once; losses are added up before.
    void backward(Tensor loss);

    /// As [#backward(Tensor)], where the gradients of what segments gave are there already. A graph that is one whole has done it all with the
    /// loss.
    void backward();

    /// Frees what was kept.
    @Override
    void close();
}
