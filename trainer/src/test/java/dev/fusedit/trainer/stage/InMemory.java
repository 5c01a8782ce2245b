package dev.fusedit.trainer.stage;

import com.google.common.collect.ImmutableMap;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.io.TensorInfo;
import dev.fusedit.torch.io.TensorSource;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;

/// Copies of tensors, as a file would give them.
final class InMemory implements TensorSource {
    private final Map<String, Tensor> tensors;

    InMemory(Map<String, Tensor> tensors) {
        var copies = ImmutableMap.<String, Tensor>builder();
        tensors.forEach((name, tensor) -> copies.put(name, tensor.copy()));
        this.tensors = copies.buildOrThrow();
    }

    @Override
    public Path path() { return Path.of("memory"); }

    @Override
    public String kind() { return "memory"; }

    @Override
    public Map<String, TensorInfo> tensors() {
        var infos = ImmutableMap.<String, TensorInfo>builder();
        tensors.forEach((name, tensor) -> infos.put(name, new TensorInfo(name, tensor.dtype(), tensor.shape(), tensor.dtype().toString())));
        return infos.buildOrThrow();
    }

    @Override
    public Tensor read(String name) { return Objects.requireNonNull(tensors.get(name), name).copy(); }

    @Override
    public void close() {}
}
