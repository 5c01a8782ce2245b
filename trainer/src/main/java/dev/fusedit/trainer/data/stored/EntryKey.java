package dev.fusedit.trainer.data.stored;

import com.google.common.hash.HashCode;
import com.google.common.hash.Hasher;
import com.google.common.hash.Hashing;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/// What a stored row is known by: the first 128 bits of the SHA-256 of all that it is made of. Other bytes, another key.
public record EntryKey(long high, long low) {
    static final int BYTES = 2 * Long.BYTES;

    /// Of texts, in their order.
    public static EntryKey of(String... parts) {
        var hasher = Hashing.sha256().newHasher();
        for (var part : parts) put(hasher, part);
        return of(hasher.hash());
    }

    /// Of token ids.
    public static EntryKey of(int[] ids) {
        var hasher = Hashing.sha256().newHasher();
        for (int id : ids) hasher.putInt(id);
        return of(hasher.hash());
    }

    private static void put(Hasher hasher, String part) {
        var bytes = part.getBytes(StandardCharsets.UTF_8);
        hasher.putInt(bytes.length).putBytes(bytes);
    }

    private static EntryKey of(HashCode hash) { return read(ByteBuffer.wrap(hash.asBytes())); }

    static EntryKey read(ByteBuffer bytes) {
        var big = bytes.order(ByteOrder.BIG_ENDIAN);
        return new EntryKey(big.getLong(), big.getLong());
    }

    void write(ByteBuffer bytes) { bytes.order(ByteOrder.BIG_ENDIAN).putLong(high).putLong(low); }
}
