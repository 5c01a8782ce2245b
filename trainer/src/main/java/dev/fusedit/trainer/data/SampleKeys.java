package dev.fusedit.trainer.data;

import com.google.common.hash.Hasher;
import com.google.common.hash.Hashing;
import java.util.ArrayList;
import java.util.List;

/// Which samples a batch holds, in a few characters: `128-159`, or `7, 3, 12-14`. Of a large batch in no order, the first ones, and a
/// checksum of all.
public final class SampleKeys {
    private static final int SHOWN = 16;

    private SampleKeys() {}

    /// Equal texts mean the same samples in the same order.
    public static String text(List<Long> keys) {
        var ranges = new ArrayList<String>();
        for (int first = 0, i = 1; i <= keys.size(); i++) {
            if (i == keys.size() || keys.get(i) != keys.get(i - 1) + 1) {
                ranges.add(i - 1 == first ? keys.get(first).toString() : keys.get(first) + "-" + keys.get(i - 1));
                first = i;
            }
        }
        return ranges.size() <= SHOWN ? String.join(", ", ranges)
                : "%s and more, %d with checksum %s".formatted(String.join(", ", ranges.subList(0, SHOWN)), keys.size(), checksum(keys));
    }

    private static String checksum(List<Long> keys) {
        Hasher hasher = Hashing.sha256().newHasher();
        keys.forEach(hasher::putLong);
        return hasher.hash().toString().substring(0, 16);
    }
}
