package dev.fusedit.torch.io;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.github.luben.zstd.Zstd;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

/// As it is, and as what is packed: a changed frame is mostly stopped by its own checks.
class ZstdFuzzTest {
    private static final Fuzzed FUZZED = new Fuzzed(TensorFiles::open);
    /// What [Unzstd] takes at most, of its own size.
    private static final int MOST = 200;

    static Stream<byte[]> seeds() {
        return Fuzzed.seeds(".zst").flatMap(file -> Stream.of(file, Arrays.copyOf(file, file.length / 2), twice(file),
                Zstd.compress(new byte[1 << 20]), Zstd.compress(new byte[0]), new byte[] {0x28, (byte) 0xb5, 0x2f, (byte) 0xfd}));
    }

    private static byte[] twice(byte[] file) {
        var both = Arrays.copyOf(file, 2 * file.length);
        System.arraycopy(file, 0, both, file.length, file.length);
        return both;
    }

    @MethodSource("seeds")
    @FuzzTest(maxDuration = "5m")
    void anyBytes(byte[] data) { FUZZED.read(data, MOST); }

    static Stream<byte[]> contents() { return Fuzzed.seeds("nested.pt", "unsafe_global.pt", "legacy.pt"); }

    @MethodSource("contents")
    @FuzzTest(maxDuration = "5m")
    void anyContent(byte[] data) { FUZZED.read(Zstd.compress(data), MOST); }
}
