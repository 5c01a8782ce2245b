package dev.fusedit.torch.internal.load;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusedit.torch.Libtorch;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DefaultThreadsTest {
    private final int before = Libtorch.threads();

    @BeforeEach
    void three() { Libtorch.setThreads(3); }

    @AfterEach
    void asManyAsBefore() {
        Libtorch.setThreads(1); // OpenBLAS's were changed behind the back of who remembers them
        Libtorch.setThreads(before);
    }

    private static int threadsAfter(int allowed, Map<String, String> environment) {
        new DefaultThreads(allowed, environment).set(LoadedLibrary.current().symbols());
        return Libtorch.threads();
    }

    @Test
    void aQuotaLowersThem() {
        assertThat(threadsAfter(4, Map.of())).as("never more than libtorch takes by itself").isEqualTo(3);
        assertThat(threadsAfter(2, Map.of("OMP_NUM_THREADS", ""))).isEqualTo(2);
        assertThat(threadsAfter(1, Map.of("OPENBLAS_NUM_THREADS", "8"))).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"OMP_NUM_THREADS", "MKL_NUM_THREADS"})
    void whatTheUserSetStays(String variable) { assertThat(threadsAfter(1, Map.of(variable, "3"))).isEqualTo(3); }
}
