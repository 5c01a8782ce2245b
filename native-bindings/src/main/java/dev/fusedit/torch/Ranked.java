package dev.fusedit.torch;

import java.util.stream.Stream;

/// Elements in order of size, and the i64 indices at which they stood.
public record Ranked(Tensor values, Tensor indices) implements Tensors {
    @Override
    public Stream<Tensor> tensors() { return Stream.of(values, indices); }
}
