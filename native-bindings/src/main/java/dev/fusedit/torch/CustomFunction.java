package dev.fusedit.torch;

/// A part of a model with a custom backward pass, which builds no graph: what `torch.autograd.Function` is in PyTorch. For [Tape].
public interface CustomFunction {
    /// Whether anything that it reads requires a gradient.
    boolean requiresGrad(Tensor x);

    /// Forward.
    Node forward(Tensor x);

    /// One forward pass and what its backward pass needs.
    interface Node extends AutoCloseable {
        /// Without a graph; the run owns it.
        Tensor result();

        /// Adds the gradients of all else that was read to those leaves ([Autograd#accumulate]).
        ///
        /// @param gradient of the result
        /// @return the gradient of x
        Tensor backward(Tensor gradient);

        /// Frees what was kept.
        @Override
        void close();
    }
}
