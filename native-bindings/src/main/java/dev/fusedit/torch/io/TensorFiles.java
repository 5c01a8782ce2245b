package dev.fusedit.torch.io;

import dev.fusedit.torch.UserError;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/// Opens a file of tensors, whatever its format. The content decides, not the name; a name that promises a format which the
/// content is not makes the error say so.
public final class TensorFiles {
    private static final int ZIP = 0x04034b50; // "PK\3\4"
    private static final int EMPTY_ZIP = 0x06054b50;
    private static final int PICKLE = 0x80;
    private static final int HEAD = 16;

    private TensorFiles() {}

    /// Opens safetensors, an index of safetensors shards, PyTorch `.pt` (zip, legacy, or in zstd) or GGUF.
    public static TensorSource open(Path path) {
        var name = path.getFileName() == null ? "" : path.getFileName().toString();
        var head = head(path);
        if (head.remaining() == 0 && !name.endsWith(".safetensors")) {
            throw new UserError("%s: is empty".formatted(path));
        }
        var magic = head.remaining() >= 4 ? head.getInt(0) : 0;
        if (name.endsWith(".zst") && magic != Unzstd.MAGIC) {
            throw new UserError(
                    "%s: does not begin as a zstd file; it is corrupt, or was unpacked already (then drop the .zst)".formatted(path));
        }
        if (magic == GgufHeader.MAGIC) {
            return GgufFile.open(path);
        }
        if (magic == Unzstd.MAGIC) {
            return unpacked(path);
        }
        if (isSafeTensors(head)) { // before the next two: its first bytes are a length, which can be any of their magic numbers
            return SafeTensors.open(path);
        }
        if (isZip(magic)) {
            return new PtFile(new PtZip(path, path, "pt"));
        }
        if (isPickle(head)) {
            return legacy(FileBytes.open(path));
        }
        if (name.endsWith(".json")) {
            return ShardedSafeTensors.open(path);
        }
        if (name.endsWith(".safetensors")) { // for its exact complaint
            return SafeTensors.open(path);
        }
        throw new UserError(
                "%s: is none of the formats that are read: safetensors (or its .index.json), PyTorch .pt, .pt.zst, GGUF".formatted(path));
    }

    private static ByteBuffer head(Path path) {
        try (var file = FileBytes.open(path)) {
            return file.head(0, HEAD);
        }
    }

    private static boolean isZip(int magic) { return magic == ZIP || magic == EMPTY_ZIP; }

    private static boolean isPickle(ByteBuffer head) { return head.remaining() >= 2 && (head.get(0) & 0xFF) == PICKLE && head.get(1) <= 5; }

    private static boolean isSafeTensors(ByteBuffer head) { return head.remaining() > 8 && head.getInt(4) == 0 && head.get(8) == '{'; }

    private static PtFile legacy(FileBytes file) {
        try {
            return new PtFile(new PtLegacy(file));
        } catch (RuntimeException e) {
            file.close();
            throw e;
        }
    }

    /// The temporary file loses its name at once; what is open keeps it alive.
    private static TensorSource unpacked(Path path) {
        var file = Unzstd.unpack(path);
        try {
            var head = head(file);
            if (isZip(head.remaining() >= 4 ? head.getInt(0) : 0)) {
                return new PtFile(new PtZip(file, path, "pt-zst"));
            }
            if (isPickle(head)) {
                return legacy(FileBytes.open(file, path));
            }
            throw new UserError("%s: holds no PyTorch file inside the zstd".formatted(path));
        } finally {
            Unzstd.delete(file);
        }
    }
}
