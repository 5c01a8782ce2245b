package dev.fusedit.fusion.llm;

import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.io.TensorInfo;
import dev.fusedit.torch.io.TensorSource;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/// Some of a file's tensors under other names.
///
/// @param theirs the file's name for each of ours
record RenamedTensors(TensorSource file, Map<String, String> theirs) implements TensorSource {
    @Override
    public Path path() { return file.path(); }

    @Override
    public String kind() { return file.kind(); }

    @Override
    public Map<String, TensorInfo> tensors() {
        var result = new LinkedHashMap<String, TensorInfo>();
        theirs.forEach((ours, name) -> result.put(ours, file.info(name)));
        return result;
    }

    @Override
    public Tensor read(String name) { return file.read(theirs.getOrDefault(name, name)); }

    @Override
    public void close() { file.close(); }
}
