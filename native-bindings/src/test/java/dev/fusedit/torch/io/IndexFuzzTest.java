package dev.fusedit.torch.io;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

class IndexFuzzTest {
    private static final Fuzzed FUZZED = new Fuzzed(ShardedSafeTensors::open);

    static Stream<byte[]> seeds() { return Fuzzed.seeds(".json"); }

    @MethodSource("seeds")
    @FuzzTest(maxDuration = "5m")
    void anyBytes(byte[] data) { FUZZED.read(data, 1); }
}
