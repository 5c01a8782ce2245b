package dev.fusedit.torch.io;

import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.UserError;
import java.math.BigInteger;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// PyTorch's format before 1.6: five pickles (magic number, version, the writer's platform, the object, the storages' keys), then
/// for each key the number of elements and the elements. It has no checksums.
final class PtLegacy implements PtContainer {
    private static final BigInteger MAGIC = new BigInteger("1950a86a20f9469cfc6c", 16);
    private static final long VERSION = 1001;

    private final FileBytes file;
    private final PtContents contents;
    private final Map<String, Long> positions = new HashMap<>();

    /// Takes the file over.
    PtLegacy(FileBytes file) {
        this.file = file;
        try {
            var in = new PickleInput(file.head(0, LARGEST_PICKLE));
            this.contents = parse(in);
        } catch (PickleException e) {
            throw new UserError("%s: %s".formatted(file.name(), e.getMessage()), e);
        }
    }

    private PtContents parse(PickleInput in) {
        if (!MAGIC.equals(pickle(in))) {
            throw new PickleException("does not begin with PyTorch's magic number; it is no file of torch.save, or corrupt");
        }
        var version = pickle(in);
        if (!Long.valueOf(VERSION).equals(version)) {
            throw new PickleException("has a version of the legacy format that is not " + VERSION);
        }
        if (pickle(in) instanceof Map<?, ?> platform && Boolean.FALSE.equals(platform.get("little_endian"))) {
            throw new PickleException("was written on a big-endian machine; save it again on a little-endian one");
        }
        var storages = new HashMap<String, PtStorage>();
        var contents = PtContents.of(Pickle.read(in, storages));
        place(PtValues.list(pickle(in)), storages, in.position());
        return contents;
    }

    private static @Nullable Object pickle(PickleInput in) { return Pickle.read(in, new HashMap<>()); }

    private void place(Iterable<?> keys, Map<String, PtStorage> storages, long start) {
        var position = start;
        for (var key : keys) {
            var storage = key instanceof String text ? storages.get(text) : null;
            if (storage == null) {
                throw new PickleException("lists a storage that no tensor refers to");
            }
            var header = file.head(position, Long.BYTES);
            if (header.remaining() < Long.BYTES) {
                throw new PickleException("ends before storage '%s'; it is cut short".formatted(storage.key()));
            }
            var numel = header.getLong();
            if (numel != storage.numel()) {
                throw new PickleException(
                        "storage '%s' has %d elements, its tensors say %d".formatted(storage.key(), numel, storage.numel()));
            }
            position += Long.BYTES;
            if (storage.bytes() > file.size() - position) {
                throw new PickleException("storage '%s' needs %d bytes where %d are left; the file is cut short"
                        .formatted(storage.key(), storage.bytes(), file.size() - position));
            }
            positions.put(storage.key(), position);
            position += storage.bytes();
        }
        requireAll(storages);
    }

    private void requireAll(Map<String, PtStorage> storages) {
        storages.keySet().stream().filter(key -> !positions.containsKey(key)).findFirst().ifPresent(key -> {
            throw new PickleException("does not hold storage '%s', which a tensor refers to".formatted(key));
        });
    }

    @Override
    public Path path() { return file.name(); }

    @Override
    public String kind() { return "pt-legacy"; }

    @Override
    public long size() { return file.size(); }

    @Override
    public PtContents contents() { return contents; }

    @Override
    public void read(PtStorage storage, long firstByte, Tensor target) { file.read(positions.get(storage.key()) + firstByte, target); }

    @Override
    public void close() { file.close(); }
}
