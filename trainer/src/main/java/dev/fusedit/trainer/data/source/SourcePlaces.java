package dev.fusedit.trainer.data.source;

import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.FileFormat;
import dev.fusedit.torch.io.FolderContents;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// Opens what a person names on the command line, whatever it is.
public final class SourcePlaces {
    private SourcePlaces() {}

    /// A folder of images, a folder of tar files, a tar file, or a pattern of them.
    ///
    /// @throws UserError if it is nothing of that
    public static ImageSource open(String place) {
        if (place.contains("{") || place.contains("::")) return TarShards.open(List.of(place), "");
        var path = Path.of(place);
        if (!Files.exists(path)) throw new UserError(place + ": no such file or folder");
        if (Files.isDirectory(path)) return folder(place, path);
        if (FileFormat.of(path) != FileFormat.TAR) throw FileFormat.of(path).insteadOf("a folder of images or a tar archive", place);
        return TarShards.open(List.of(place), "");
    }

    private static ImageSource folder(String place, Path folder) {
        var images = ImageFolder.open(folder);
        if (images.size() > 0) return images;
        if (!ShardNames.tars(folder).isEmpty()) return TarShards.open(List.of(place), "");
        throw new UserError("%s: holds no image and no tar archive; it holds %s".formatted(place, FolderContents.of(folder)));
    }
}
