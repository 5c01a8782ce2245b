package dev.fusedit.torch.io;

import com.github.luben.zstd.ZstdInputStream;
import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// Unpacks a zstd file into a temporary one, since tensors are read from it in any order.
final class Unzstd {
    static final int MAGIC = 0xFD2FB528;
    /// Weights hardly compress, optimizer states of zeros do; more than this is no checkpoint but a bomb.
    private static final long BEST_RATIO = 200;
    private static final long ALWAYS_ALLOWED = 64 << 20;
    private static final long SPARE_SPACE = 256 << 20;
    private static final int CHUNK = 1 << 20;

    private Unzstd() {}

    /// The caller deletes the file.
    static Path unpack(Path packed) {
        Path target = null;
        try {
            target = temporary();
            unpack(packed, target);
            var done = target;
            target = null;
            return done;
        } catch (IOException e) {
            throw new UserError(
                    "%s: cannot be unpacked (%s); the file is cut short or corrupt, get it again".formatted(packed, e.getMessage()), e);
        } finally {
            delete(target);
        }
    }

    private static Path temporary() {
        try {
            return Files.createTempFile("fusedit-", ".pt");
        } catch (IOException e) {
            throw noSpaceToUnpack("a temporary file", e);
        }
    }

    private static UserError noSpaceToUnpack(Object place, IOException e) {
        return new UserError("%s. Or set -Djava.io.tmpdir=DIR (FUSEDIT_JAVA_OPTS), or unpack it first: zstd -d"
                .formatted(WriteFailure.of(place, e).getMessage()), e);
    }

    private static void unpack(Path packed, Path target) throws IOException {
        var limit = Math.max(ALWAYS_ALLOWED, Math.multiplyExact(Files.size(packed), BEST_RATIO));
        var space = Math.max(0, Files.getFileStore(target).getUsableSpace() - SPARE_SPACE);
        try (var in = new ZstdInputStream(Files.newInputStream(packed));
                var out = Channels.newOutputStream(FileChannel.open(target, StandardOpenOption.WRITE))) {
            var buffer = new byte[CHUNK];
            long done = 0;
            for (int count; (count = in.read(buffer)) >= 0;) {
                done += count;
                if (done > limit) {
                    throw new UserError(
                            "%s: unpacks to more than %d times its size; a checkpoint does not. If it is one, unpack it first: zstd -d"
                                    .formatted(packed, BEST_RATIO));
                }
                if (done > space) {
                    throw new UserError(
                            "%s: unpacks to more than %s has free; set -Djava.io.tmpdir=DIR (FUSEDIT_JAVA_OPTS), or unpack it first: zstd -d"
                                    .formatted(packed, target.getParent()));
                }
                write(out, buffer, count, target);
            }
        }
    }

    private static void write(OutputStream out, byte[] buffer, int count, Path target) {
        try {
            out.write(buffer, 0, count);
        } catch (IOException e) {
            throw noSpaceToUnpack(target, e);
        }
    }

    static void delete(@org.jspecify.annotations.Nullable Path file) {
        try {
            if (file != null) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            file.toFile().deleteOnExit();
        }
    }
}
