package dev.fusedit.torch.io;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

class SafeTensorsFuzzTest {
    private static final Fuzzed FUZZED = new Fuzzed(SafeTensors::open);

    static Stream<byte[]> seeds() { return Fuzzed.seeds(".safetensors"); }

    @MethodSource("seeds")
    @FuzzTest(maxDuration = "5m")
    void anyBytes(byte[] data) { FUZZED.read(data, 1); }
}
