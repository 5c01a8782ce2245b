package dev.fusedit.torch.io;

import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.internal.abi.NativeMemory;
import dev.fusedit.torch.internal.abi.ReadSection;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// A safetensors file in host memory: copies of tensors at one moment, which another thread writes while the tensors go on changing.
///
/// Made and closed on the thread that runs torch; [#writeTo] runs on any thread, for it calls no op of libtorch.
public final class SafeTensorsCopy implements AutoCloseable {
    private static final int CHUNK = 1 << 26;

    private final TensorScope scope = TensorScope.holding();
    private final ByteBuffer header;
    private final List<Block> blocks = new ArrayList<>();

    /// One tensor's elements.
    private record Block(Tensor copy, long bytes) {}

    private SafeTensorsCopy(ByteBuffer header) { this.header = header; }

    /// Copies tensors of any device. The copies take as much memory as the tensors.
    public static SafeTensorsCopy of(Map<String, Tensor> tensors, Map<String, String> metadata) {
        var order = SafeTensorsHeader.order(tensors);
        var result = new SafeTensorsCopy(SafeTensorsHeader.bytes(tensors, order, metadata).asReadOnlyBuffer());
        try (var _ = Autograd.noGrad()) {
            for (var name : order) {
                result.add(tensors.get(name));
            }
            return result;
        } catch (RuntimeException e) {
            result.close();
            throw e;
        }
    }

    private void add(Tensor tensor) {
        try (var _ = TensorScope.open()) {
            var copy = scope.hold(Tensor.empty(tensor.dtype(), tensor.shape()));
            copy.copyInPlace(tensor);
            blocks.add(new Block(copy, copy.numel() * copy.dtype().bytes()));
        }
    }

    /// Of the elements.
    public long bytes() { return blocks.stream().mapToLong(Block::bytes).sum(); }

    /// Writes the file. The channel stays open.
    ///
    /// @throws IllegalStateException if the copies were freed, by whichever thread
    public void writeTo(WritableByteChannel out) throws IOException {
        writeAll(out, header.duplicate());
        for (var block : blocks) {
            for (long done = 0; done < block.bytes(); done += CHUNK) {
                try (var _ = ReadSection.enter()) {
                    writeAll(out, NativeMemory.buffer(block.copy().dataAddress() + done, (int) Math.min(block.bytes() - done, CHUNK)));
                }
            }
        }
    }

    private static void writeAll(WritableByteChannel out, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            out.write(bytes);
        }
    }

    /// Frees the copies; who is writing them ends with [IllegalStateException].
    @Override
    public void close() { scope.close(); }
}
