package dev.fusedit.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MemoryShortageTest {
    private static final TorchException FULL = new TorchException("mm", "DefaultCPUAllocator: can't allocate memory", List.of());
    private static final TorchException OTHER = new TorchException("mm", "shapes cannot be multiplied", List.of());

    @Test
    void anAllocatorsRefusalIsASentenceWithARemedy() {
        assertThat(MemoryShortage.told(() -> 3, "it", "Take less")).isEqualTo(3);
        assertThatThrownBy(() -> MemoryShortage.told(() -> {
            throw FULL;
        }, "all 4 images", "Sample fewer")).isInstanceOf(UserError.class).hasMessage("memory does not hold all 4 images. Sample fewer")
                .hasCause(FULL).satisfies(e -> assertThat(MemoryShortage.is(e)).isTrue());
        assertThatThrownBy(() -> MemoryShortage.told(() -> {
            throw OTHER;
        }, "it", "Take less")).isSameAs(OTHER).satisfies(e -> assertThat(MemoryShortage.is(e)).isFalse());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "Java heap space | -Xmx",
        "GC overhead limit exceeded | -Xmx",
        "Requested array size exceeds VM limit | -Xmx",
        "Cannot reserve 1048576 bytes of direct buffer memory (allocated: 1, limit: 2) | -XX:MaxDirectMemorySize",
        "Metaspace | -XX:MaxMetaspaceSize",
        "unable to create native thread: possibly out of memory or process/resource limits reached | ulimit -u"})
    void whatJavaRanOutOfIsToldApart(String message, String remedy) {
        assertThat(MemoryShortage.ofJava(new OutOfMemoryError(message))).contains(remedy);
    }
}
