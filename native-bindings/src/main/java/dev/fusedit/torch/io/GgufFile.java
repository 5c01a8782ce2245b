package dev.fusedit.torch.io;

import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.internal.abi.NativeMemory;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/// A GGUF file, llama.cpp's format: typed metadata, then tensors that may be quantised
/// (github.com/ggml-org/ggml, `docs/gguf.md`).
///
/// Quantised tensors become f32 when they are read, to the bit as the `gguf` Python package makes them; F16 and BF16 stay what they
/// are. Shapes are PyTorch's: outermost first, the reverse of the file's.
public final class GgufFile implements TensorSource {
    /// Values that are dequantised at a time, a multiple of every block's.
    private static final int CHUNK = 1 << 16;
    private static final String SPLIT_COUNT = "split.count";
    private static final String SPLIT_NUMBER = "split.no"; // from 0

    private final FileBytes file;
    private final GgufHeader header;
    private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();

    private GgufFile(FileBytes file, GgufHeader header) {
        this.file = file;
        this.header = header;
        header.entries()
                .forEach((name, entry) -> tensors.put(name, new TensorInfo(name, GgmlType.elements(entry.type()), entry.shape())));
    }

    public static GgufFile open(Path path) {
        var file = FileBytes.open(path);
        try {
            return new GgufFile(file, GgufHeader.read(file));
        } catch (RuntimeException e) {
            file.close();
            throw e;
        }
    }

    @Override
    public Path path() { return file.name(); }

    @Override
    public String kind() { return "gguf"; }

    @Override
    public Map<String, TensorInfo> tensors() { return Collections.unmodifiableMap(tensors); }

    /// The typed metadata: Long, Double, Boolean, String, or List of them. Model sizes and the tokenizer's vocabulary are here.
    public Map<String, Object> values() { return header.metadata(); }

    /// The metadata's texts and numbers, without the lists.
    @Override
    public Map<String, String> metadata() {
        var texts = new LinkedHashMap<String, String>();
        values().forEach((key, value) -> {
            if (!(value instanceof Iterable<?>)) {
                texts.put(key, value.toString());
            }
        });
        return texts;
    }

    /// A part by what it says of itself.
    @Override
    public Optional<String> incomplete() {
        return values().get(SPLIT_COUNT) instanceof Long parts && parts > 1
                && values().getOrDefault(SPLIT_NUMBER, 0L) instanceof Long number
                        ? Optional.of(("is part %d of %d of a model. Join the parts: llama-gguf-split --merge FIRST-PART WHOLE.gguf")
                                .formatted(number + 1, parts))
                        : Optional.empty();
    }

    @Override
    public Tensor read(String name) {
        var info = loadable(name);
        var entry = header.entries().get(name);
        var type = GgmlType.of(entry.type()).orElseThrow();
        return TensorScope.scoped(() -> {
            var tensor = Tensor.empty(info.dtype(), info.shape());
            var dequantizer = type.dequantizer();
            if (dequantizer == null) {
                file.read(entry.position(), tensor);
            } else {
                dequantize(entry.position(), type, dequantizer, tensor);
            }
            return tensor;
        });
    }

    private void dequantize(long begin, GgmlType type, Dequantizer dequantizer, Tensor tensor) {
        var perBlock = type.blockValues();
        var bytes = ByteBuffer.allocate(CHUNK / perBlock * type.blockBytes());
        var values = new float[CHUNK];
        var position = begin;
        var count = tensor.numel();
        for (long done = 0; done < count; done += CHUNK) {
            var part = (int) Math.min(count - done, CHUNK);
            bytes.clear().limit(part / perBlock * type.blockBytes());
            file.read(position, bytes);
            position += bytes.limit();
            for (int block = 0; block < part / perBlock; block++) {
                dequantizer.block(bytes.array(), block * type.blockBytes(), values, block * perBlock);
            }
            NativeMemory.buffer(tensor.dataAddress() + 4 * done, 4 * part).asFloatBuffer().put(values, 0, part);
        }
    }

    @Override
    public void close() { file.close(); }
}
