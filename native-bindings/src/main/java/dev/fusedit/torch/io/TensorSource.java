package dev.fusedit.torch.io;

import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.UserError;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Named tensors in a file (or in the shards of one), read one by one when they are asked for. [TensorFiles#open] finds the format.
///
/// Opening checks the file's directory of tensors against the file's size; nothing is allocated on a header's word alone. No tensor
/// aliases the file. What is wrong with a file is a [UserError] that names the file, the cause and the remedy. Not for use by two
/// threads at once.
public interface TensorSource extends AutoCloseable {
    Path path();

    /// `safetensors`, `safetensors-index`, `pt`, `pt-legacy`, `pt-zst` or `gguf`.
    String kind();

    /// What there is, by name, in the file's order.
    Map<String, TensorInfo> tensors();

    /// A copy of one tensor, on the CPU, row-major, in the innermost open scope.
    Tensor read(String name);

    /// Free text beside the tensors, where the format has it.
    default Map<String, String> metadata() { return Map.of(); }

    default Set<String> names() { return tensors().keySet(); }

    default boolean contains(String name) { return tensors().containsKey(name); }

    default TensorInfo info(String name) {
        var info = tensors().get(name);
        if (info == null) {
            throw new UserError(
                    "%s: has no tensor '%s' among its %d (fusedit info lists what a file holds)".formatted(path(), name, tensors().size()));
        }
        return info;
    }

    /// The tensor, as one that [#read] reads.
    ///
    /// @throws UserError naming the file, the tensor, how it is stored and what to do
    default TensorInfo loadable(String name) {
        var info = info(name);
        try {
            info.dtype();
            return info;
        } catch (UserError e) {
            throw new UserError("%s: %s".formatted(path(), e.getMessage()), e);
        }
    }

    /// Why this is a part of a model only, and what to do; empty for a whole file.
    default Optional<String> incomplete() { return Optional.empty(); }

    /// @throws UserError if it is a part of a model only
    default void requireWhole() {
        incomplete().ifPresent(why -> {
            throw new UserError("%s: %s".formatted(path(), why));
        });
    }

    @Override
    void close();
}
