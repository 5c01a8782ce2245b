package dev.fusedit.torch.io;

import dev.fusedit.torch.Device;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.internal.abi.NativeMemory;
import dev.fusedit.torch.internal.abi.ReadSection;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;

/// SHA-256 over tensors, in the order in which they are added: name, dtype, sizes with commas between them, each ended by a zero byte, then
/// the elements, row-major and little-endian.
///
/// One thread's.
public final class TensorHash {
    private static final int CHUNK = 1 << 26;

    private final MessageDigest digest = sha256();

    /// @param held on whatever device
    public TensorHash add(String name, Tensor held) {
        var tensor = held.detach().to(Device.CPU).contiguous();
        digest.update((name + "\0" + tensor.dtype() + "\0" + sizes(tensor.shape()) + "\0").getBytes(StandardCharsets.UTF_8));
        var end = tensor.numel() * tensor.dtype().bytes();
        for (long done = 0; done < end; done += CHUNK) {
            try (var _ = ReadSection.enter()) {
                digest.update(NativeMemory.buffer(tensor.dataAddress() + done, (int) Math.min(end - done, CHUNK)));
            }
        }
        return this;
    }

    /// Of all that was added since the last one.
    public String hex() { return HexFormat.of().formatHex(digest.digest()); }

    private static String sizes(long[] shape) { return Arrays.toString(shape).replaceAll("[\\[\\] ]", ""); }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java has it", e);
        }
    }
}
