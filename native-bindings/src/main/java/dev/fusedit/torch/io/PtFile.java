package dev.fusedit.torch.io;

import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A file of PyTorch's `torch.save`: today's zip, the legacy format before it, or a zip inside zstd; or of `torch.jit.save`, of which the
/// objects' attributes are read and the program is not. No code of the file is run ([Pickle]). Tensors of nested dictionaries, lists and
/// objects have dotted names, as in `optimizer.state.0.exp_avg`: those of TorchScript's modules are the names of `state_dict()`.
///
/// A view of a part of a storage is read as a tensor of its own, row-major. In a zip a storage's CRC is checked before the first tensor
/// from it is handed out; Python does not check it.
public final class PtFile implements TensorSource {
    /// Views that repeat elements may be larger than the file; up to this, or to the file's size.
    private static final long MOST_REPEATED_BYTES = 64 << 20;

    private final PtContainer container;
    private final PtContents contents;
    private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();

    PtFile(PtContainer container) {
        this.container = container;
        this.contents = container.contents();
        contents.tensors().forEach((name, tensor) -> tensors.put(name, TensorInfo.plain(name, tensor.dtype(), tensor.shape())));
    }

    @Override
    public Path path() { return container.path(); }

    @Override
    public String kind() { return container.kind(); }

    @Override
    public Map<String, TensorInfo> tensors() { return Collections.unmodifiableMap(tensors); }

    /// All that is no tensor, by dotted name: null, Boolean, Long, BigInteger, Double, String, byte[].
    public Map<String, @Nullable Object> values() { return Collections.unmodifiableMap(contents.values()); }

    @Override
    public Tensor read(String name) {
        var info = info(name);
        var tensor = contents.tensors().get(name);
        if (info.bytes() > Math.max(MOST_REPEATED_BYTES, container.size()) && tensor.numel() > tensor.span()) {
            throw new UserError(
                    "%s: tensor '%s' repeats %d elements to %d bytes, more than the file; save tensor.clone() or a narrower view"
                            .formatted(path(), name, tensor.span(), info.bytes()));
        }
        return TensorScope.scoped(() -> {
            var direct = tensor.isContiguous();
            var result = direct ? Tensor.empty(tensor.dtype(), tensor.shape()) : Tensor.empty(tensor.dtype(), tensor.span());
            container.read(tensor.storage(), tensor.firstByte(), result);
            return direct ? result : result.asStrided(tensor.shape(), tensor.strides()).contiguous();
        });
    }

    @Override
    public void close() { container.close(); }
}
