package dev.fusedit.torch.io;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.internal.abi.NativeMemory;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;

/// A file of tensors by name in the safetensors format: eight bytes of header length, a JSON header, the data.
///
/// The header is checked against the file before anything is allocated; tensors are read when they are asked for, straight into
/// libtorch's memory. No tensor aliases the file. Whatever is wrong is a [UserError] that names the file and the cause.
public final class SafeTensors implements AutoCloseable {
    private static final int CHUNK = 1 << 26;

    private final Path path;
    private final FileChannel channel;
    private final SafeTensorsHeader header;

    private SafeTensors(Path path, FileChannel channel, SafeTensorsHeader header) {
        this.path = path;
        this.channel = channel;
        this.header = header;
    }

    /// What the header says of one tensor.
    ///
    /// @param begin first byte, counted from the data's beginning
    /// @param end byte after the last one
    public record Entry(DType dtype, long[] shape, long begin, long end) {}

    /// Opens a file and checks its header.
    public static SafeTensors open(Path path) {
        FileChannel channel = null;
        try {
            channel = FileChannel.open(path, StandardOpenOption.READ);
            var file = new SafeTensors(path, channel, SafeTensorsHeader.read(path, channel));
            channel = null;
            return file;
        } catch (NoSuchFileException e) {
            throw new UserError("%s: no such file".formatted(path), e);
        } catch (IOException e) {
            throw new UserError("%s: cannot be read (%s)".formatted(path, e.getMessage()), e);
        } finally {
            closeQuietly(channel);
        }
    }

    private static void closeQuietly(@org.jspecify.annotations.Nullable FileChannel channel) {
        try {
            if (channel != null) {
                channel.close();
            }
        } catch (IOException e) {
            // nothing was read from it that is still needed
        }
    }

    public Path path() { return path; }

    /// All tensors by name, in the order of the header.
    public Map<String, Entry> entries() { return header.entries(); }

    /// Free text that the writer left.
    public Map<String, String> metadata() { return header.metadata(); }

    public boolean contains(String name) { return entries().containsKey(name); }

    /// A copy of one tensor, on the CPU, in the file's dtype.
    public Tensor read(String name) {
        var entry = entries().get(name);
        if (entry == null) {
            throw new UserError("%s: has no tensor '%s'".formatted(path, name));
        }
        return TensorScope.scoped(() -> {
            var tensor = Tensor.empty(entry.dtype(), entry.shape());
            fill(name, tensor, entry);
            return tensor;
        });
    }

    private void fill(String name, Tensor tensor, Entry entry) {
        var address = tensor.dataAddress();
        var position = header.dataStart() + entry.begin();
        try {
            for (long left = entry.end() - entry.begin(); left > 0;) {
                var buffer = NativeMemory.buffer(address, (int) Math.min(left, CHUNK));
                while (buffer.hasRemaining()) {
                    var count = channel.read(buffer, position + buffer.position());
                    if (count < 0) {
                        throw new UserError(
                                "%s: the file ends inside tensor '%s'; it was shortened while it was read".formatted(path, name));
                    }
                }
                address += buffer.capacity();
                position += buffer.capacity();
                left -= buffer.capacity();
            }
        } catch (IOException e) {
            throw new UserError("%s: tensor '%s' cannot be read (%s)".formatted(path, name, e.getMessage()), e);
        }
    }

    @Override
    public void close() { closeQuietly(channel); }

    /// Writes tensors of any device; the file is replaced. What a reader needs to trust it (a checksum, a rename) is the caller's.
    public static void write(Path path, Map<String, Tensor> tensors, Map<String, String> metadata) throws IOException {
        try (var channel =
                FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
            write(channel, tensors, metadata);
        }
    }

    /// As [#write(Path, Map, Map)], to wherever the bytes are wanted. The channel stays open.
    public static void write(WritableByteChannel channel, Map<String, Tensor> tensors, Map<String, String> metadata) throws IOException {
        var order = SafeTensorsHeader.order(tensors);
        var header = SafeTensorsHeader.bytes(tensors, order, metadata);
        while (header.hasRemaining()) {
            channel.write(header);
        }
        for (var name : order) {
            write(channel, tensors.get(name));
        }
    }

    private static void write(WritableByteChannel channel, Tensor tensor) throws IOException {
        try (var _ = TensorScope.open()) {
            var host = tensor.detach().to(dev.fusedit.torch.Device.CPU).contiguous();
            var address = host.dataAddress();
            for (long left = host.numel() * host.dtype().bytes(); left > 0;) {
                var buffer = NativeMemory.buffer(address, (int) Math.min(left, CHUNK));
                while (buffer.hasRemaining()) {
                    channel.write(buffer);
                }
                address += buffer.capacity();
                left -= buffer.capacity();
            }
        }
    }
}
