package dev.fusedit.trainer.sampling;

import com.google.common.collect.ImmutableSet;
import com.google.common.io.Files;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.WriteFailure;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;

/// Where images go: a `.png` for all of them in one grid, or for a single one as it is, or a folder for a file each.
public sealed interface SampleOutput {
    /// As the person wrote it.
    Path path();

    /// Names that end so mean a file of a kind that is not written here.
    ImmutableSet<String> OTHER_FORMATS = ImmutableSet.of("apng", "avif", "bmp", "exr", "gif", "heic", "heif", "ico", "j2k", "jfif", "jp2",
            "jpe", "jpeg", "jpg", "json", "jsonl", "jxl", "mp4", "npy", "npz", "pdf", "pgm", "pnm", "ppm", "psd", "pt", "safetensors",
            "svg",
            "tar", "tga", "tif", "tiff", "txt", "webm", "webp", "zip");

    record Grid(Path path) implements SampleOutput {
        /// Beside it, where images are until all are there.
        Path unfinished() {
            return path.toAbsolutePath().normalize().resolveSibling("." + path.getFileName() + ".unfinished");
        }
    }

    record Folder(Path path) implements SampleOutput {}

    /// One image, without a caption.
    record Single(Path path) implements SampleOutput {}

    /// The same place for one image as it is, where that is a `.png`.
    default SampleOutput single() {
        return switch (this) {
            case Grid(var path) -> new Single(path);
            case Folder folder -> folder;
            case Single single -> single;
        };
    }

    /// Tells by the name, and by what is there.
    ///
    /// @param force whether images that are there may be replaced
    /// @throws UserError if images can't go there, or are there already
    static SampleOutput of(Path out, boolean force) {
        if (out.toString().isEmpty()) throw new UserError("--out is empty. Give a .png or a folder");
        var whole = out.toAbsolutePath().normalize();
        if (whole.getFileName() == null) throw unusable(out, "that is the root of the file system");
        var ending = Files.getFileExtension(whole.getFileName().toString()).toLowerCase(Locale.ROOT);
        boolean isFolder = java.nio.file.Files.isDirectory(out);
        if (ending.equals("png")) {
            if (isFolder) throw unusable(out, "a folder has this name");
            if (java.nio.file.Files.exists(out) && !force) throw exists("--out " + out);
            requireWritable(out, whole.getParent());
            return new Grid(out);
        }
        if (OTHER_FORMATS.contains(ending) && !isFolder) {
            throw new UserError("--out %s: images are written as PNG only. Give a name that ends in .png for all in one, or a folder"
                    .formatted(out));
        }
        requireWritable(out, whole);
        try {
            if (!force && SampleFolder.isFinished(out)) throw exists("--out " + out);
        } catch (IOException e) {
            throw failed(out, e);
        }
        return new Folder(out);
    }

    /// Nothing is made: the nearest folder that is there tells.
    private static void requireWritable(Path out, Path folder) {
        var there = folder;
        while (!java.nio.file.Files.exists(there)) there = there.getParent();
        if (!java.nio.file.Files.isDirectory(there)) throw unusable(out, there + " is a file");
        if (!java.nio.file.Files.isWritable(there)) throw unusable(out, there + " may not be written to");
    }

    static UserError exists(String name) {
        return new UserError(name + " is there already. Give another place, or --force to replace it");
    }

    private static UserError unusable(Path out, String why) {
        return new UserError("--out %s cannot be written to: %s. Give another place".formatted(out, why));
    }

    static UserError failed(Path out, IOException e) {
        return WriteFailure.of("--out " + out, e);
    }
}
