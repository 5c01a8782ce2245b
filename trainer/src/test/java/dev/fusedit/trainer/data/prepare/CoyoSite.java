package dev.fusedit.trainer.data.prepare;

import dev.fusedit.trainer.data.fetch.HostileSite;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;

/// For trials by hand: a [HostileSite], and metadata about its images in two files. `FOLDER ROWS`; it ends when its standard input does.
final class CoyoSite {
    /// Up to here each row has an image of its own, and the perceptual hash of that.
    private static final int FEW = 20_000;

    private CoyoSite() {}

    public static void main(String[] args) throws IOException, SQLException {
        var folder = Files.createDirectories(Path.of(args[0]));
        int rows = Integer.parseInt(args[1]), half = rows / 2;
        try (var site = HostileSite.open()) {
            for (int part = 0; part < 2; part++) {
                var file = folder.resolve("part-%05d.snappy.parquet".formatted(part));
                if (rows <= FEW) CoyoMetadata.write(file, part * half, part == 0 ? half : rows - half, site);
                else CoyoMetadata.writeMany(file, part * half, part == 0 ? half : rows - half, site);
            }
            System.out.println(site.url("/"));
            System.in.transferTo(java.io.OutputStream.nullOutputStream());
            System.out.println(site.asked().size() + " requests");
        }
    }
}
