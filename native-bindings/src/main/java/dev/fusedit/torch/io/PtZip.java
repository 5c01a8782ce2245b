package dev.fusedit.torch.io;

import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.internal.abi.NativeMemory;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/// PyTorch's format since 1.6: a zip with `NAME/data.pkl` and one member `NAME/data/KEY` for each storage. A TorchScript program has its
/// code and constants beside, which are not opened.
final class PtZip implements PtContainer {
    private static final String PICKLE = "data.pkl";
    private static final int CHUNK = 1 << 20;
    /// Deflate cannot do better; a member that claims more is a lie.
    private static final long BEST_RATIO = 1032;

    private final Path path;
    private final String kind;
    private final ZipFile zip;
    private final long size;
    private final String prefix;
    private final PtContents contents;
    private final Map<String, PtStorage> storages = new HashMap<>();
    private final Set<String> verified = new HashSet<>();

    /// @param file the zip
    /// @param path what messages call it
    PtZip(Path file, Path path, String kind) {
        this.path = path;
        this.kind = kind;
        this.size = file.toFile().length();
        this.zip = open(file, path);
        try {
            this.prefix = prefix();
            requireLittleEndian();
            this.contents = PtContents.of(Pickle.read(new PickleInput(ByteBuffer.wrap(small(PICKLE, LARGEST_PICKLE))), storages));
            storages.values().forEach(this::entry);
        } catch (PickleException e) {
            close();
            throw wrong(e.getMessage());
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    private static ZipFile open(Path file, Path path) {
        try {
            return new ZipFile(file.toFile());
        } catch (IOException | IllegalArgumentException e) {
            throw new UserError(
                    "%s: begins as a zip but cannot be read as one (%s); it is cut short or corrupt".formatted(path, e.getMessage()), e);
        }
    }

    /// The folder that data.pkl lies in. Names that occur twice would be read differently by different readers.
    private String prefix() {
        var names = new HashSet<String>();
        var found = new HashSet<String>();
        zip.stream().map(ZipEntry::getName).forEach(name -> {
            if (!names.add(name)) {
                throw wrong("has the member '%s' twice".formatted(name));
            }
            if (name.equals(PICKLE) || name.endsWith("/" + PICKLE)) {
                found.add(name.substring(0, name.length() - PICKLE.length()));
            }
        });
        if (found.size() != 1) {
            throw wrong("is a zip archive with %d members named data.pkl; a file of torch.save has one%s".formatted(found.size(),
                    names.isEmpty() ? "" : " (it begins with " + zip.stream().findFirst().orElseThrow().getName() + ")"));
        }
        return found.iterator().next();
    }

    private void requireLittleEndian() {
        if (zip.getEntry(prefix + "byteorder") != null && new String(small("byteorder", 16), StandardCharsets.UTF_8).startsWith("big")) {
            throw wrong("was written on a big-endian machine; save it again on a little-endian one");
        }
    }

    private byte[] small(String name, int limit) {
        var entry = zip.getEntry(prefix + name);
        if (entry.getSize() < 0 || entry.getSize() > limit) {
            throw wrong("has a %s of %d bytes; up to %d are read".formatted(name, entry.getSize(), limit));
        }
        requirePlausible(entry);
        try (var stream = zip.getInputStream(entry)) {
            var bytes = stream.readNBytes((int) entry.getSize());
            var crc = new CRC32();
            crc.update(bytes);
            requireIntact(entry, bytes.length, crc);
            return bytes;
        } catch (IOException e) {
            throw unreadable(entry, e);
        }
    }

    private ZipEntry entry(PtStorage storage) {
        var entry = zip.getEntry(prefix + "data/" + storage.key());
        if (entry == null) {
            throw wrong("does not hold storage '%s', which a tensor refers to".formatted(storage.key()));
        }
        if (entry.getSize() != storage.bytes()) {
            throw wrong("member '%s' has %d bytes, its tensors need %d".formatted(entry.getName(), entry.getSize(), storage.bytes()));
        }
        requirePlausible(entry);
        return entry;
    }

    private void requirePlausible(ZipEntry entry) {
        var packed = entry.getCompressedSize();
        if (packed < 0 || packed > size
                || (entry.getMethod() == ZipEntry.STORED ? packed != entry.getSize() : entry.getSize() / BEST_RATIO > packed)) {
            throw wrong("member '%s' claims %d bytes from %d in a file of %d".formatted(entry.getName(), entry.getSize(), packed, size));
        }
    }

    @Override
    public void read(PtStorage storage, long firstByte, Tensor target) {
        var entry = entry(storage);
        var bytes = target.numel() * target.dtype().bytes();
        try (var stream = zip.getInputStream(entry)) {
            if (verified.contains(storage.key())) {
                stream.skipNBytes(firstByte);
                copy(stream, 0, target.dataAddress(), bytes, new CRC32(), bytes);
            } else {
                var crc = new CRC32();
                var count = copy(stream, firstByte, target.dataAddress(), bytes, crc, storage.bytes());
                requireIntact(entry, count, crc);
                verified.add(storage.key());
            }
        } catch (IOException e) {
            throw unreadable(entry, e);
        }
    }

    /// Reads up to `end` bytes, of which those from `first` on go to `address`; returns how many there were.
    private static long copy(InputStream stream, long first, long address, long wanted, CRC32 crc, long end) throws IOException {
        var buffer = new byte[CHUNK];
        long done = 0;
        while (done < end) {
            var count = stream.read(buffer, 0, (int) Math.min(CHUNK, end - done));
            if (count < 0) {
                break;
            }
            crc.update(buffer, 0, count);
            var from = Math.max(first, done);
            var to = Math.min(first + wanted, done + count);
            if (from < to) {
                NativeMemory.buffer(address + from - first, (int) (to - from)).put(buffer, (int) (from - done), (int) (to - from));
            }
            done += count;
        }
        return done;
    }

    private void requireIntact(ZipEntry entry, long count, CRC32 crc) {
        if (count != entry.getSize()) {
            throw wrong("member '%s' ends after %d of %d bytes; the file is cut short".formatted(entry.getName(), count, entry.getSize()));
        }
        if (crc.getValue() != entry.getCrc()) {
            throw wrong("member '%s' has the CRC %08x, its bytes have %08x; the file is corrupt, get it again"
                    .formatted(entry.getName(), entry.getCrc(), crc.getValue()));
        }
    }

    private UserError unreadable(ZipEntry entry, IOException e) {
        return new UserError("%s: member '%s' cannot be read (%s); the file is corrupt or was changed while it was read"
                .formatted(path, entry.getName(), e.getMessage()), e);
    }

    private UserError wrong(String message) { return new UserError("%s: %s".formatted(path, message)); }

    @Override
    public Path path() { return path; }

    @Override
    public String kind() { return kind; }

    @Override
    public long size() { return size; }

    @Override
    public PtContents contents() { return contents; }

    @Override
    public void close() {
        try {
            zip.close();
        } catch (IOException e) {
            // nothing that was read from it is still needed
        }
    }
}
