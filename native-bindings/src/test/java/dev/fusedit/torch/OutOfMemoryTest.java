package dev.fusedit.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(NoTensorLeaks.class)
class OutOfMemoryTest {
    private static final long ABSURD = 1L << 50; // four petabytes of f32

    @Test
    void thisLibtorchSaysThatThereIsNoMemory() {
        try (var _ = TensorScope.open()) {
            var made = catchThrowableOfType(TorchException.class, () -> Tensor.zeros(DType.F32, ABSURD));
            assertThat(made.isOutOfMemory()).as(made.getMessage()).isTrue();
            var one = Tensor.zeros(DType.F32, 1);
            var computed = catchThrowableOfType(TorchException.class, () -> one.expand(ABSURD).add(1));
            assertThat(computed.isOutOfMemory()).as(computed.getMessage()).isTrue();
            assertThat(one.add(1).item()).as("and goes on working").isEqualTo(1);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has a total capacity of 79.11 GiB",
        "DefaultCPUAllocator: not enough memory: you tried to allocate 1024 bytes.",
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"})
    void soDoOthers(String reason) { assertThat(new TorchException("mm", reason, List.of()).isOutOfMemory()).isTrue(); }

    @Test
    void anotherReasonIsNone() {
        try (var _ = TensorScope.open()) {
            var refused = catchThrowableOfType(TorchException.class,
                    () -> Tensor.zeros(DType.F32, 2, 3).matmul(Tensor.zeros(DType.F32, 2, 3)));
            assertThat(refused.isOutOfMemory()).isFalse();
        }
    }
}
