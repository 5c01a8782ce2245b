package dev.fusedit.trainer.data.shards;

import com.github.luben.zstd.ZstdOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;

/// Tar files for tests.
public final class ShardFiles {
    private ShardFiles() {}

    /// With one member of so many bytes, which are hard to compress.
    public static byte[] tar(int seed, int bytes) {
        var content = new byte[bytes];
        new Random(seed).nextBytes(content);
        return tar(new String[] {"%04d.bin".formatted(seed)}, new byte[][] {content});
    }

    public static byte[] tar(String[] names, byte[][] contents) {
        var bytes = new ByteArrayOutputStream();
        try (var tar = new TarArchiveOutputStream(bytes)) {
            for (int i = 0; i < names.length; i++) {
                var entry = new TarArchiveEntry(names[i]);
                entry.setSize(contents[i].length);
                entry.setModTime(0); // the same bytes whenever it is made
                tar.putArchiveEntry(entry);
                tar.write(contents[i]);
                tar.closeArchiveEntry();
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return bytes.toByteArray();
    }

    public static byte[] gzip(byte[] bytes) throws IOException {
        var packed = new ByteArrayOutputStream();
        try (var out = new GZIPOutputStream(packed)) {
            out.write(bytes);
        }
        return packed.toByteArray();
    }

    public static byte[] zstd(byte[] bytes) throws IOException {
        var packed = new ByteArrayOutputStream();
        try (var out = new ZstdOutputStream(packed)) {
            out.write(bytes);
        }
        return packed.toByteArray();
    }
}
