package dev.fusedit.trainer.data.shards;

import com.github.luben.zstd.ZstdInputStream;
import dev.fusedit.torch.io.FileFormat;
import java.io.BufferedInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import org.apache.commons.compress.compressors.gzip.GzipCompressorInputStream;

/// A tar archive out of a stream of it that may be packed with gzip or zstd, as its first bytes say.
public final class Unpacking {
    static final String WANTED = "a tar archive, plain or packed with gzip or zstd";
    private static final int HEAD = 4096;
    private static final int BUFFER = 1 << 16;

    private Unpacking() {}

    /// @param packed whether the archive is larger than what it is read from
    public record Archive(InputStream tar, boolean packed) implements AutoCloseable {
        @Override
        public void close() throws IOException { tar.close(); }
    }

    /// @param shown what messages call it
    /// @throws dev.fusedit.torch.UserError if it is something else than an archive
    /// @throws IOException if what it is packed in is damaged
    public static Archive of(InputStream raw, String shown) throws IOException {
        var in = new BufferedInputStream(raw, BUFFER);
        var format = format(in);
        return switch (format) {
            case TAR, EMPTY -> new Archive(in, false);
            case GZIP -> requireTar(gzip(in), format, shown);
            case ZSTD -> requireTar(new ZstdInputStream(in), format, shown);
            default -> throw format.insteadOf(WANTED, shown);
        };
    }

    /// Of several parts, as `pigz` and `cat` make them.
    private static InputStream gzip(InputStream in) throws IOException {
        return GzipCompressorInputStream.builder().setInputStream(in).setDecompressConcatenated(true).get();
    }

    private static Archive requireTar(InputStream packed, FileFormat packing, String shown) throws IOException {
        var in = new BufferedInputStream(new SmallReads(packed), BUFFER);
        FileFormat format;
        try {
            format = format(in);
        } catch (IOException _) { // too damaged for its head: who reads on is told
            return new Archive(in, true);
        }
        return switch (format) {
            case TAR, EMPTY -> new Archive(in, true);
            default -> throw format.insteadOf("a tar archive", shown + ", which is " + packing.phrase());
        };
    }

    /// What is unpacked in one read is lost if that ends with an error, so reads are small.
    private static final class SmallReads extends FilterInputStream {
        private static final int MOST = 4096;

        SmallReads(InputStream in) { super(in); }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            try {
                return in.read(buffer, offset, Math.min(length, MOST));
            } catch (IllegalArgumentException e) { // what damage makes of the library for gzip
                throw new IOException("the packed data is corrupt", e);
            }
        }
    }

    private static FileFormat format(InputStream in) throws IOException {
        in.mark(HEAD);
        var head = in.readNBytes(HEAD);
        in.reset();
        return FileFormat.of(head);
    }
}
