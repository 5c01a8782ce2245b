package dev.fusedit.torch.io;

import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.internal.abi.NativeMemory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/// An open file and the size that it had when it was opened. It is read by position and not mapped, since a mapped file that someone
/// shortens kills the process; here it is an error like any other.
final class FileBytes implements AutoCloseable {
    private static final int CHUNK = 1 << 26;

    private final Path name;
    private final FileChannel channel;
    private final long size;

    private FileBytes(Path name, FileChannel channel) throws IOException {
        this.name = name;
        this.channel = channel;
        this.size = channel.size();
    }

    static FileBytes open(Path path) { return open(path, path); }

    /// @param name what messages call the file
    static FileBytes open(Path file, Path name) {
        if (Files.isDirectory(file)) {
            throw new UserError("%s: is a folder, a file is needed".formatted(name));
        }
        FileChannel channel = null;
        try {
            channel = FileChannel.open(file, StandardOpenOption.READ);
            return new FileBytes(name, channel);
        } catch (IOException e) {
            closeQuietly(channel);
            throw unopened(file, name, e);
        }
    }

    /// @param name what messages call the file
    static UserError unopened(Path file, Object name, IOException e) {
        var near = e instanceof NoSuchFileException ? NearFiles.hint(file) : "";
        return new UserError("%s: %s%s".formatted(name, reason(e), near), e);
    }

    static UserError unreadable(Object path, IOException e) { return new UserError("%s: %s".formatted(path, reason(e)), e); }

    /// @param remedy what to do about it
    static UserError unreadable(Path path, String remedy, IOException e) {
        return new UserError("%s: %s. %s".formatted(path, reason(e), remedy), e);
    }

    private static String reason(IOException e) {
        return switch (e) {
            case NoSuchFileException _ -> "no such file";
            case AccessDeniedException _ -> "cannot be read (permission denied)";
            default -> "cannot be read (%s)".formatted(e.getMessage() == null ? e : e.getMessage());
        };
    }

    private static void closeQuietly(@Nullable FileChannel channel) {
        try {
            if (channel != null) {
                channel.close();
            }
        } catch (IOException e) {
            // nothing that was read from it is still needed
        }
    }

    Path name() { return name; }

    long size() { return size; }

    /// The bytes from a position on, little-endian; fewer than `count` at the end of the file.
    ByteBuffer head(long position, int count) {
        var buffer = ByteBuffer.allocate(Math.clamp(size - position, 0, count)).order(ByteOrder.LITTLE_ENDIAN);
        read(position, buffer);
        return buffer.flip();
    }

    /// Fills the buffer.
    void read(long position, ByteBuffer target) {
        try {
            for (var at = position; target.hasRemaining();) {
                var count = channel.read(target, at);
                if (count < 0) {
                    throw new UserError(
                            "%s: ends at byte %d of the %d that it had: it was shortened while it was read".formatted(name, at, size));
                }
                at += count;
            }
        } catch (IOException e) {
            throw unreadable(name, e);
        }
    }

    /// Fills a contiguous CPU tensor.
    void read(long position, Tensor tensor) {
        var address = tensor.dataAddress();
        var end = tensor.numel() * tensor.dtype().bytes();
        for (long done = 0; done < end; done += CHUNK) {
            read(position + done, NativeMemory.buffer(address + done, (int) Math.min(end - done, CHUNK)));
        }
    }

    @Override
    public void close() { closeQuietly(channel); }
}
