package dev.fusedit.torch.io;

import dev.fusedit.torch.Tensor;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/// One safetensors file seen as any other file of tensors.
final class SafeTensorsSource implements TensorSource {
    private final SafeTensors file;
    private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();

    private SafeTensorsSource(SafeTensors file) {
        this.file = file;
        file.entries().forEach((name, entry) -> tensors.put(name, TensorInfo.plain(name, entry.dtype(), entry.shape())));
    }

    static SafeTensorsSource open(Path path) { return new SafeTensorsSource(SafeTensors.open(path)); }

    @Override
    public Path path() { return file.path(); }

    @Override
    public String kind() { return "safetensors"; }

    @Override
    public Map<String, TensorInfo> tensors() { return Collections.unmodifiableMap(tensors); }

    @Override
    public Map<String, String> metadata() { return file.metadata(); }

    @Override
    public Tensor read(String name) {
        info(name);
        return file.read(name);
    }

    @Override
    public void close() { file.close(); }
}
