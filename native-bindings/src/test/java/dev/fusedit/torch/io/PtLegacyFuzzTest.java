package dev.fusedit.torch.io;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

class PtLegacyFuzzTest {
    private static final Fuzzed FUZZED = new Fuzzed(TensorFiles::open);

    static Stream<byte[]> seeds() { return Fuzzed.seeds("nested_legacy.pt", "legacy_truncated.pt"); }

    @MethodSource("seeds")
    @FuzzTest(maxDuration = "5m")
    void anyBytes(byte[] data) { FUZZED.read(data, 1); }
}
