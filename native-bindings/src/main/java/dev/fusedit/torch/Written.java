package dev.fusedit.torch;

/// A part of a model that builds no graph: its backward pass is written by hand. For [GraphSegments].
public interface Written {
    /// Whether anything that it reads wants a gradient.
    boolean learns(Tensor x);

    /// Forward.
    Run run(Tensor x);

    /// One forward pass and what its backward pass needs.
    interface Run extends AutoCloseable {
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
