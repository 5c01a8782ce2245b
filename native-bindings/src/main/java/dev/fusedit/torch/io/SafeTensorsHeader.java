package dev.fusedit.torch.io;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.SafeTensors.Entry;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The header of a safetensors file, held against all rules of the format (github.com/huggingface/safetensors): the tensors
/// cover the data without gap or overlap, sizes fit shapes, no name twice, text is UTF-8.
record SafeTensorsHeader(Map<String, Entry> entries, Map<String, String> metadata, long dataStart) {
    /// The reference implementation's limit.
    private static final long LARGEST = 100_000_000;
    private static final String METADATA = "__metadata__";

    static SafeTensorsHeader read(FileBytes file) {
        var path = file.name();
        var size = file.size();
        requireFormat(file);
        require(size >= 8, path, "is %d bytes long, shorter than the 8 bytes of a safetensors header's length", size);
        var length = file.head(0, 8).getLong();
        require(length >= 2 && length <= LARGEST, path, "claims a header of %s bytes; 2 to %d are allowed", Long.toUnsignedString(length),
                LARGEST);
        require(length <= size - 8, path,
                "claims a header of %d bytes, the file has %d after the length; it is cut short or no safetensors file",
                length, size - 8);
        return parse(path, text(path, file.head(8, (int) length)), size - 8 - length, 8 + length);
    }

    /// What is plainly something else is called what it is; for the rest the complaints are exact.
    private static void requireFormat(FileBytes file) {
        var format = FileFormat.of(file);
        switch (format) {
            case SAFETENSORS, EMPTY, UNKNOWN -> {}
            default -> {
                if (!claimsHeader(file)) {
                    throw format.insteadOf("a safetensors file", file.name());
                }
            }
        }
    }

    private static boolean claimsHeader(FileBytes file) {
        return file.size() >= 8 && file.head(0, 8).getLong() >= 0 && file.head(0, 8).getLong() <= file.size() - 8;
    }

    private static SafeTensorsHeader parse(Path path, String text, long dataBytes, long dataStart) {
        require(text.startsWith("{"), path, "has a header that does not begin with '{'; it is no safetensors file");
        var entries = new LinkedHashMap<String, Entry>();
        var metadata = new LinkedHashMap<String, String>();
        for (var property : JsonFile.object(text, path + ": header", "Fetch or write the file anew").properties()) {
            if (property.getKey().equals(METADATA)) {
                readMetadata(path, property.getValue(), metadata);
            } else {
                entries.put(property.getKey(), entry(path, property.getKey(), property.getValue(), dataBytes));
            }
        }
        requireCover(path, entries, dataBytes);
        return new SafeTensorsHeader(Collections.unmodifiableMap(entries), Collections.unmodifiableMap(metadata), dataStart);
    }

    private static String text(Path path, ByteBuffer bytes) {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
        } catch (CharacterCodingException e) {
            throw new UserError("%s: has a header that is not UTF-8".formatted(path), e);
        }
    }

    private static void readMetadata(Path path, JsonNode node, Map<String, String> metadata) {
        require(node.isObject(), path, "has a %s that is no object of texts", METADATA);
        for (var property : node.properties()) {
            require(property.getValue().isTextual(), path, "has a %s whose '%s' is no text", METADATA, property.getKey());
            metadata.put(property.getKey(), property.getValue().textValue());
        }
    }

    private static Entry entry(Path path, String name, JsonNode node, long dataBytes) {
        require(node.isObject() && node.size() == 3 && node.path("dtype").isTextual() && node.path("shape").isArray()
                && node.path("data_offsets").isArray(), path, "tensor '%s' does not have exactly dtype, shape and data_offsets", name);
        var dtype = node.get("dtype").textValue();
        var shape = numbers(path, name, node.get("shape"));
        var offsets = numbers(path, name, node.get("data_offsets"));
        require(offsets.length == 2, path, "tensor '%s' has %d data_offsets, not 2", name, offsets.length);
        require(offsets[0] <= offsets[1], path, "tensor '%s' ends at byte %d before it begins at %d", name, offsets[1], offsets[0]);
        require(offsets[1] <= dataBytes, path, "tensor '%s' ends at byte %d, the file has %d bytes of data", name, offsets[1], dataBytes);
        var bits = SafeTensorsType.bits(dtype);
        if (bits.isPresent()) {
            var bytes = byteCount(path, name, bits.getAsInt(), shape);
            require(bytes == offsets[1] - offsets[0], path, "tensor '%s' has %d bytes, its shape and dtype need %d", name,
                    offsets[1] - offsets[0], bytes);
        }
        return new Entry(SafeTensorsType.elements(dtype), shape, offsets[0], offsets[1]);
    }

    private static long[] numbers(Path path, String name, JsonNode array) {
        var result = new long[array.size()];
        for (int i = 0; i < result.length; i++) {
            var node = array.get(i);
            require(node.isIntegralNumber() && node.canConvertToLong() && node.longValue() >= 0, path,
                    "tensor '%s' has the size or offset %s", name, node);
            result[i] = node.longValue();
        }
        return result;
    }

    /// As [TensorInfo#bytes]; elements of less than a byte lie side by side.
    private static long byteCount(Path path, String name, int bits, long[] shape) {
        try {
            var withoutZeros = Arrays.stream(shape).map(size -> Math.max(size, 1)).reduce(bits, Math::multiplyExact);
            return Arrays.stream(shape).anyMatch(size -> size == 0) ? 0 : Math.ceilDiv(withoutZeros, 8L);
        } catch (ArithmeticException e) {
            throw new UserError("%s: tensor '%s' has a shape whose size overflows".formatted(path, name), e);
        }
    }

    private static void requireCover(Path path, Map<String, Entry> entries, long dataBytes) {
        long end = 0;
        var inOrder = entries.entrySet().stream()
                .sorted(Comparator.<Map.Entry<String, Entry>>comparingLong(e -> e.getValue().begin())
                        .thenComparingLong(e -> e.getValue().end()))
                .toList();
        for (var entry : inOrder) {
            var begin = entry.getValue().begin();
            require(begin == end, path, "tensor '%s' begins at byte %d, the one before it ends at %d: %s", entry.getKey(), begin, end,
                    begin < end ? "they overlap" : "a gap");
            end = entry.getValue().end();
        }
        require(end == dataBytes, path, "has %d bytes after its last tensor", dataBytes - end);
    }

    private static void require(boolean condition, Path path, String message, Object... arguments) {
        if (!condition) {
            throw new UserError(path + ": " + message.formatted(arguments));
        }
    }

    /// @throws IllegalArgumentException for a dtype that the format does not have
    static void requireWritable(Map<String, Tensor> tensors) {
        tensors.forEach((name, tensor) -> checkArgument(SafeTensorsType.of(tensor.dtype()).isPresent(),
                "safetensors has no dtype for '%s', which is %s: write it as c64, or its viewAsReal()", name, tensor.dtype()));
    }

    /// Large elements first, so that every tensor begins at a multiple of its element's size; then by name.
    static List<String> order(Map<String, Tensor> tensors) {
        requireWritable(tensors);
        return tensors.keySet().stream()
                .sorted(Comparator.<String>comparingInt(name -> -tensors.get(name).dtype().bytes()).thenComparing(n -> n)).toList();
    }

    static ByteBuffer bytes(Map<String, Tensor> tensors, List<String> order, Map<String, String> metadata) {
        var root = JsonNodeFactory.instance.objectNode();
        if (!metadata.isEmpty()) {
            var node = root.putObject(METADATA);
            metadata.forEach(node::put);
        }
        long offset = 0;
        for (var name : order) {
            var tensor = tensors.get(name);
            var node = root.putObject(name).put("dtype", SafeTensorsType.of(tensor.dtype()).orElseThrow().name());
            var shape = node.putArray("shape");
            for (var size : tensor.shape()) {
                shape.add(size);
            }
            var end = offset + tensor.numel() * tensor.dtype().bytes();
            node.putArray("data_offsets").add(offset).add(end);
            offset = end;
        }
        var text = root.toString().getBytes(StandardCharsets.UTF_8);
        var padded = (text.length + 7) / 8 * 8;
        var buffer = ByteBuffer.allocate(8 + padded).order(ByteOrder.LITTLE_ENDIAN).putLong(padded).put(text);
        while (buffer.hasRemaining()) {
            buffer.put((byte) ' ');
        }
        return buffer.flip();
    }
}
