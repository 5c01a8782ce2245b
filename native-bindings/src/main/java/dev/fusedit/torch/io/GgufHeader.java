package dev.fusedit.torch.io;

import dev.fusedit.torch.DType;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/// What a GGUF file says before its data, versions 2 and 3.
record GgufHeader(Map<String, Object> metadata, Map<String, Entry> entries) {
    /// @param type its number
    /// @param shape outermost first
    /// @param position of the first byte in the file
    record Entry(int type, long[] shape, long position) {}

    static final int MAGIC = 0x46554747; // "GGUF"
    private static final String ALIGNMENT = "general.alignment";
    private static final int MOST_DIMENSIONS = 4; // GGML_MAX_DIMS

    static GgufHeader read(FileBytes file) {
        var cursor = new GgufCursor(file, 0);
        if (cursor.u32() != MAGIC) {
            throw FileFormat.of(file).insteadOf("a GGUF file", file.name());
        }
        var version = cursor.u32();
        if (version != 2 && version != 3) {
            throw (version & 0xFFFF) == 0 ? cursor.wrong("is a big-endian GGUF file; convert it to little-endian")
                    : cursor.wrong("has GGUF version %s; 2 and 3 are read", Integer.toUnsignedString(version));
        }
        var tensors = cursor.count(cursor.u64(), 24, "tensors"); // name's length, number of dimensions, type, offset
        var pairs = cursor.count(cursor.u64(), 13, "metadata values"); // key's length, type, one byte
        var metadata = metadata(cursor, pairs);
        var relative = new LinkedHashMap<String, Entry>();
        for (int i = 0; i < tensors; i++) {
            entry(cursor, relative);
        }
        return new GgufHeader(Collections.unmodifiableMap(metadata), placed(file, cursor, relative, alignment(cursor, metadata)));
    }

    private static Map<String, Object> metadata(GgufCursor cursor, int pairs) {
        var metadata = new LinkedHashMap<String, Object>();
        for (int i = 0; i < pairs; i++) {
            var key = cursor.string();
            if (metadata.put(key, cursor.value(cursor.u32())) != null) {
                throw cursor.wrong("has the metadata key '%s' twice", key);
            }
        }
        return metadata;
    }

    private static long alignment(GgufCursor cursor, Map<String, Object> metadata) {
        var value = metadata.getOrDefault(ALIGNMENT, 32L);
        if (value instanceof Long alignment && alignment > 0 && alignment <= 1 << 20 && Long.bitCount(alignment) == 1) {
            return alignment;
        }
        throw cursor.wrong("has a %s that is not a power of two up to 2^20", ALIGNMENT);
    }

    /// Reads one entry; its position counts from the beginning of the data.
    private static void entry(GgufCursor cursor, Map<String, Entry> entries) {
        var name = cursor.string();
        var rank = cursor.u32();
        if (rank < 0 || rank > MOST_DIMENSIONS) {
            throw cursor.wrong("tensor '%s' has %s dimensions, more than %d", name, Integer.toUnsignedString(rank), MOST_DIMENSIONS);
        }
        var shape = new long[rank];
        for (int i = rank - 1; i >= 0; i--) {
            shape[i] = cursor.u64();
        }
        if (entries.put(name, new Entry(cursor.u32(), shape, cursor.u64())) != null) {
            throw cursor.wrong("has tensor '%s' twice", name);
        }
    }

    private static Map<String, Entry> placed(FileBytes file, GgufCursor cursor, Map<String, Entry> relative, long alignment) {
        var dataStart = (cursor.position() + alignment - 1) / alignment * alignment;
        var result = new LinkedHashMap<String, Entry>();
        relative.forEach((name, entry) -> {
            var bytes = byteCount(cursor, name, entry);
            var room = file.size() - dataStart;
            if (entry.position < 0 || entry.position % alignment != 0 || bytes > room || entry.position > room - bytes) {
                throw cursor.wrong("tensor '%s' needs %d bytes at %s of the data, which has %d; the file is cut short or corrupt", name,
                        bytes,
                        Long.toUnsignedString(entry.position), Math.max(room, 0));
            }
            result.put(name, new Entry(entry.type, entry.shape, dataStart + entry.position));
        });
        return Collections.unmodifiableMap(result);
    }

    /// In the file; 0 for a type that is not known.
    private static long byteCount(GgufCursor cursor, String name, Entry entry) {
        try {
            if (Arrays.stream(entry.shape).anyMatch(size -> size < 0)) {
                throw new ArithmeticException();
            }
            var values = TensorInfo.plain(name, DType.F64, entry.shape).bytes() / DType.F64.bytes();
            var known = GgmlType.of(entry.type);
            if (known.isEmpty()) {
                return 0;
            }
            var type = known.get();
            var row = entry.shape.length == 0 ? 1 : entry.shape[entry.shape.length - 1];
            if (row % type.blockValues() != 0) {
                throw cursor.wrong("tensor '%s' has rows of %d values, no multiple of the %d in a %s block", name, row, type.blockValues(),
                        type.name());
            }
            return values / type.blockValues() * type.blockBytes();
        } catch (ArithmeticException e) {
            throw cursor.wrong("tensor '%s' has a shape whose size overflows", name);
        }
    }
}
