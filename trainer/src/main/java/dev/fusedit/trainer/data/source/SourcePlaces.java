package dev.fusedit.trainer.data.source;

import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.FileFormat;
import dev.fusedit.torch.io.FolderContents;
import dev.fusedit.torch.io.NearFiles;
import dev.fusedit.trainer.data.shards.ShardAddress;
import dev.fusedit.trainer.data.shards.ShardSettings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// Opens what a person names on the command line, whatever it is.
public final class SourcePlaces {
    private SourcePlaces() {}

    /// A folder of images, of tar files or of Parquet files, a tar or Parquet file, or a pattern of them; tar files plain or packed, here or
    /// elsewhere.
    ///
    /// @throws UserError if it is nothing of that
    public static ImageSource open(String place, ShardSettings settings) {
        if (ShardAddress.isElsewhere(place)) return shards(place, settings);
        if (ParquetNames.isParquet(Path.of(place)) && !Files.isDirectory(Path.of(place))) return ParquetImages.open(List.of(place), "");
        if (place.contains("{") || place.contains("::")) return shards(place, settings);
        var path = Path.of(place);
        if (!Files.exists(path)) throw new UserError(place + ": no such file or folder" + NearFiles.hint(path));
        if (Files.isDirectory(path)) return folder(place, path, settings);
        return switch (FileFormat.of(path)) {
            case TAR, GZIP, ZSTD -> shards(place, settings);
            case PARQUET -> ParquetImages.open(List.of(place), "");
            default -> throw FileFormat.of(path).insteadOf("a folder of images, a tar archive or a Parquet table", place);
        };
    }

    private static ImageSource folder(String place, Path folder, ShardSettings settings) {
        var images = ImageFolder.open(folder);
        if (images.size() > 0) return images;
        if (!ShardNames.tars(folder).isEmpty()) return shards(place, settings);
        if (!ParquetNames.inside(folder).isEmpty()) return ParquetImages.open(List.of(place), "");
        throw new UserError(
                "%s: holds no image, no tar archive and no Parquet table; it holds %s".formatted(place, FolderContents.of(folder)));
    }

    private static ImageSource shards(String place, ShardSettings settings) {
        return TarShards.open(List.of(place), "", TarShards.BLOCK, settings);
    }
}
