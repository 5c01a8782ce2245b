package dev.fusedit.torch;

import java.util.stream.Stream;

/// One tensor, or a record of them: what a scope can keep.
public interface Tensors {
    Stream<Tensor> tensors();
}
