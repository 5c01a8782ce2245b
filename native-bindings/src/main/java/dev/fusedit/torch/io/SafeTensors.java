package dev.fusedit.torch.io;

import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.internal.abi.NativeMemory;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/// A file of tensors by name in the safetensors format: eight bytes of header length, a JSON header, the data.
///
/// The header is checked against the file before anything is allocated; tensors are read when they are asked for, straight into
/// libtorch's memory. No tensor aliases the file. Whatever is wrong is a [dev.fusedit.torch.UserError] that names the file and the cause.
public final class SafeTensors implements TensorSource {
    private static final int CHUNK = 1 << 26;
    private static final Pattern SHARD = Pattern.compile("(.+)-(\\d{5})-of-(\\d{5})\\.safetensors");

    private final FileBytes file;
    private final SafeTensorsHeader header;
    private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();

    private SafeTensors(FileBytes file, SafeTensorsHeader header) {
        this.file = file;
        this.header = header;
        header.entries().forEach((name, entry) -> tensors.put(name, new TensorInfo(name, entry.elements(), entry.shape())));
    }

    /// What the header says of one tensor.
    ///
    /// @param begin first byte, counted from the data's beginning
    /// @param end byte after the last one
    public record Entry(Elements elements, long[] shape, long begin, long end) {}

    /// Opens a file and checks its header.
    public static SafeTensors open(Path path) {
        var file = FileBytes.open(path);
        try {
            return new SafeTensors(file, SafeTensorsHeader.read(file));
        } catch (RuntimeException e) {
            file.close();
            throw e;
        }
    }

    @Override
    public Path path() { return file.name(); }

    @Override
    public String kind() { return "safetensors"; }

    @Override
    public Map<String, TensorInfo> tensors() { return Collections.unmodifiableMap(tensors); }

    /// All tensors by name with their places, in the order of the header.
    public Map<String, Entry> entries() { return header.entries(); }

    /// First byte of a tensor in the file, for those who read it in parts.
    public long position(String name) {
        loadable(name);
        return header.dataStart() + entries().get(name).begin();
    }

    /// Free text that the writer left.
    @Override
    public Map<String, String> metadata() { return header.metadata(); }

    /// A shard by its name, `model-00001-of-00003.safetensors`, that is not opened through its index.
    @Override
    public Optional<String> incomplete() {
        var shard = SHARD.matcher(path().getFileName().toString());
        if (!shard.matches() || Integer.parseInt(shard.group(3)) == 1) {
            return Optional.empty();
        }
        return Optional.of("is part %d of %d of a model. Give its folder, or the index, %s.safetensors.index.json".formatted(
                Integer.parseInt(shard.group(2)), Integer.parseInt(shard.group(3)), shard.group(1)));
    }

    @Override
    public Tensor read(String name) {
        var info = loadable(name);
        return TensorScope.scoped(() -> {
            var tensor = Tensor.empty(info.dtype(), info.shape());
            file.read(header.dataStart() + entries().get(name).begin(), tensor);
            return tensor;
        });
    }

    @Override
    public void close() { file.close(); }

    /// Writes tensors of any device, and of all dtypes but c128; the file is replaced. What a reader needs to trust it (a checksum, a rename) is the caller's.
    public static void write(Path path, Map<String, Tensor> tensors, Map<String, String> metadata) throws IOException {
        SafeTensorsHeader.requireWritable(tensors);
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
