package dev.fusedit.trainer.data.source;

import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.FileFormat;
import dev.fusedit.torch.io.FolderContents;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/// Opens what a person names on the command line, whatever it is.
public final class SourcePlaces {
    private SourcePlaces() {}

    /// A folder of images, a folder of tar files, a tar file, or a pattern of them.
    ///
    /// @throws UserError if it is nothing of that
    public static ImageSource open(String place) {
        if (place.contains("{") || place.contains("::")) return TarShards.open(place, ShardNames.expand(place).stream().map(Path::of).toList(), "");
        var path = Path.of(place);
        if (!Files.exists(path)) throw new UserError(place + ": no such file or folder");
        if (Files.isDirectory(path)) return folder(place, path);
        if (FileFormat.of(path) != FileFormat.TAR) throw FileFormat.of(path).insteadOf("a folder of images or a tar archive", place);
        return TarShards.open(place, List.of(path), "");
    }

    private static ImageSource folder(String place, Path folder) {
        var images = ImageFolder.open(folder);
        if (images.size() > 0) return images;
        try (var files = Files.list(folder)) {
            var tars = files.filter(file -> file.getFileName().toString().toLowerCase(Locale.ROOT).endsWith(".tar")).sorted().toList();
            if (!tars.isEmpty()) return TarShards.open(place, tars, "");
        } catch (IOException e) {
            throw new UserError("%s: cannot be looked through: %s".formatted(place, Reasons.of(e)), e);
        }
        throw new UserError("%s: holds no image and no tar archive; it holds %s".formatted(place, FolderContents.of(folder)));
    }
}
