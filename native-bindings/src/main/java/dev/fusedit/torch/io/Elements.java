package dev.fusedit.torch.io;

import dev.fusedit.torch.DType;

/// How a file holds the elements of a tensor.
public sealed interface Elements {
    /// In lower case: a dtype such as `bf16`, or a quantisation such as `q4_k`.
    String name();

    /// Those that [TensorSource#read] makes a tensor of.
    ///
    /// @param dtype of that tensor
    record Loadable(DType dtype, String name) implements Elements {}

    /// Those that are listed, and not read.
    ///
    /// @param remedy what to do where the tensor is needed
    record Unloadable(String name, String remedy) implements Elements {}

    static Elements plain(DType dtype) { return new Loadable(dtype, dtype.toString()); }
}
