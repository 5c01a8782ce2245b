package dev.fusedit.torch.io;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

class PtZipFuzzTest {
    private static final Fuzzed FUZZED = new Fuzzed(TensorFiles::open);

    static Stream<byte[]> seeds() { return Fuzzed.seeds("nested.pt", "unsafe_global.pt", "zip_truncated_tail.pt"); }

    @MethodSource("seeds")
    @FuzzTest(maxDuration = "5m")
    void anyBytes(byte[] data) { FUZZED.read(data, 1); }
}
