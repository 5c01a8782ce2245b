package dev.fusedit.torch.io;

import dev.fusedit.torch.Tensor;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/// A file of tensors seen otherwise: under other names, in another dtype, with other values. What a view does not say is the file's. Closing it
/// closes the file.
public interface TensorView extends TensorSource {
    /// What is seen.
    TensorSource file();

    @Override
    default Path path() { return file().path(); }

    @Override
    default String kind() { return file().kind(); }

    @Override
    default Map<String, TensorInfo> tensors() { return file().tensors(); }

    @Override
    default Tensor read(String name) { return file().read(name); }

    @Override
    default Map<String, String> metadata() { return file().metadata(); }

    @Override
    default Optional<String> incomplete() { return file().incomplete(); }

    @Override
    default void close() { file().close(); }
}
