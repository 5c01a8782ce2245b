package dev.fusedit.torch;

import java.util.function.Function;
import java.util.function.UnaryOperator;

/// How a model's layers are run in training: their graph is kept, or each is computed a second time when its gradient is due. A model is
/// written once, for both.
///
///     var state = segments.border(timeEmbedding(t));               // all layers read it
///     var x = segments.border(embed(input));
///     for (var layer : layers) {
///         x = segments.segment(x, in -> layer.apply(in, state));
///     }
///     segments.backward(loss(x));
///
/// Gradients of graphs that are kept and of those that are made again are bit-equal on the CPU, as long as a segment gives the same values twice and no gradients were there before.
public sealed interface GraphSegments extends AutoCloseable permits WholeGraph, CutGraph {
    /// The graph is kept: nothing but the body itself is run.
    GraphSegments WHOLE = new WholeGraph();

    /// Gradient checkpointing: of each segment only what it takes and gives is kept (Chen et al. 2016, arXiv 1604.06174). For one backward
    /// pass; to be closed after it.
    static GraphSegments recomputed() { return new CutGraph(true); }

    /// The graph is kept, in pieces between which parts that are [Written] may lie. For one backward pass; to be closed after it.
    static GraphSegments inPieces() { return new CutGraph(false); }

    /// Runs a part of the model.
    ///
    /// @param x its input: what a segment, or [#border], gave
    /// @param body may be run twice. What else it reads must need no gradient or be a leaf (weights, other segments' results, what
    ///        [#border] gave), and stay open until the backward pass ([#hold])
    <R extends TensorRecord<R>> R segment(Tensor x, Function<Tensor, R> body);

    /// As [#segment], for a part whose backward pass is written by hand; the body does the same where the graph is one whole.
    Tensor written(Tensor x, Written part, UnaryOperator<Tensor> body);

    /// Parts that were run so far with a backward pass written by hand.
    int byHand();

    /// Where a graph outside of all segments ends, so that they can read its results. It stays open as [#hold] says.
    <R extends TensorRecord<R>> R border(R made);

    /// A result of a segment for the next one, if others than that read it too: their gradients arrive as one number there, in both ways.
    Tensor branch(Tensor x);

    /// What bodies read beside their input, open until [#close]; owned by whom it was before where nothing is run twice.
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
