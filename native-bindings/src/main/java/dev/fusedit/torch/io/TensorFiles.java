package dev.fusedit.torch.io;

import dev.fusedit.torch.UserError;
import java.nio.file.Path;

/// Opens a file of tensors, whatever its format. The content decides, not the name; a name that promises a format which the
/// content is not makes the error say so.
public final class TensorFiles {
    private static final String READ = "safetensors (or its .index.json), PyTorch .pt, .pt.zst, GGUF";

    private TensorFiles() {}

    /// Opens safetensors, an index of safetensors shards, PyTorch `.pt` (zip, legacy, or in zstd) or GGUF.
    ///
    /// @throws UserError naming what the file is, if it is none of these or broken
    public static TensorSource open(Path path) {
        var name = path.getFileName() == null ? "" : path.getFileName().toString();
        var format = FileFormat.of(path);
        if (name.endsWith(".zst") && format != FileFormat.ZSTD) {
            throw new UserError("%s: does not begin as a zstd file; it is %s".formatted(path, format == FileFormat.UNKNOWN ? "corrupt"
                    : format.phrase() + ", perhaps unpacked already (then drop the .zst)"));
        }
        return switch (format) {
            case GGUF -> GgufFile.open(path);
            case ZSTD -> unpacked(path);
            case SAFETENSORS -> SafeTensors.open(path);
            case ZIP -> new PtFile(new PtZip(path, path, "pt"));
            case PICKLE -> legacy(FileBytes.open(path));
            case JSON -> ShardedSafeTensors.open(path);
            case EMPTY -> throw new UserError("%s: is empty. Fetch or write it anew".formatted(path));
            case UNKNOWN, LATIN1, UTF16, UTF32 -> { // what such bytes would be as a text is no help
                if (name.endsWith(".safetensors")) { // for its exact complaint
                    yield SafeTensors.open(path);
                }
                throw new UserError("%s: is none of the formats that are read: %s".formatted(path, READ));
            }
            default -> throw format.insteadOf("a file of tensors (" + READ + ")", path);
        };
    }

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
            var format = FileFormat.of(file);
            return switch (format) {
                case ZIP -> new PtFile(new PtZip(file, path, "pt-zst"));
                case PICKLE -> legacy(FileBytes.open(file, path));
                default -> throw new UserError(
                        "%s: holds no PyTorch file inside the zstd, what it holds is %s".formatted(path, format.phrase()));
            };
        } finally {
            Unzstd.delete(file);
        }
    }
}
