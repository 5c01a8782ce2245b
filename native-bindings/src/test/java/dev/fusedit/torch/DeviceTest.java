package dev.fusedit.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.fusedit.torch.internal.load.LoadedLibrary;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoTensorLeaks.class)
class DeviceTest {
    private static final LibtorchInfo LIBTORCH = new LibtorchInfo("2.13.0", Path.of("/opt/torch"), "folder");

    @Test
    void withoutCudaEveryWayToItSaysSoInOneSentence() {
        assumeTrue(LoadedLibrary.current().cudaDevices().orElse(0) == 0);
        var x = Tensor.ones(DType.F32, 2);
        var cuda = Device.cuda(0);
        List<ThrowingCallable> ways =
                List.of(() -> x.to(cuda), () -> Tensor.zeros(DType.F32, cuda, 2), () -> Tensor.ones(DType.F32, cuda, 2),
                        () -> Tensor.empty(DType.F32, cuda, 2), () -> Tensor.empty(DType.F32, cuda, new long[40]),
                        () -> Torch.call("zeros", "", new long[] {2}, Torch.named("device", "cuda")),
                        () -> Torch.call("to", "device", x, Device.cuda(1), DType.F32),
                        () -> Torch.call("full", "", new long[] {2}, 1, Torch.named("device", cuda)),
                        cuda::available);
        for (var way : ways) {
            assertThatThrownBy(way).isInstanceOf(LibtorchUnavailable.class)
                    .hasMessageMatching("The device cuda:[01] was asked for, but libtorch 2\\S+ in \\S+ .*run\\.device: cpu.*")
                    .message().doesNotContain("facebook", "registered at", "\n");
        }
        assertThat(x.to(Device.CPU).sum().item()).as("and goes on working").isEqualTo(2);
    }

    @Test
    void whatIsMissingIsNamed() {
        assertThat(CudaSupport.problem(Device.cuda(0), OptionalInt.empty(), LIBTORCH, () -> ""))
                .startsWith("The device cuda:0 was asked for, but libtorch 2.13.0 in /opt/torch is used for the CPU only. Take the CPU");
        assertThat(CudaSupport.problem(Device.cuda(0), OptionalInt.of(0), LIBTORCH, () -> "there is no NVIDIA driver"))
                .contains("/opt/torch finds no CUDA device: there is no NVIDIA driver. Take the CPU");
        assertThat(CudaSupport.problem(Device.cuda(3), OptionalInt.of(2), LIBTORCH, () -> ""))
                .endsWith("finds 2 CUDA devices, the last is cuda:1.");
        assertThat(CudaSupport.problem(Device.cuda(1), OptionalInt.of(2), LIBTORCH, () -> "")).isNull();
    }

    /// What libtorch's dispatcher says goes on for 60 lines, one a backend.
    @Test
    void theDispatchersListIsLeftOut() {
        var reason = """
                Could not run 'aten::empty_strided' with arguments from the 'CUDA' backend. This could be because the operator doesn't exist \
                for this backend, or was omitted during the selective/custom build process (if using custom build). If you are a Facebook \
                employee using PyTorch on mobile, please visit https://internmc.facebook.com/ for possible resolutions. \
                'aten::empty_strided' is only available for these backends: [CPU, Meta].

                CPU: registered at /pytorch/build/aten/src/ATen/RegisterCPU.cpp:1 [kernel]
                """;
        assertThat(new TorchException("empty_strided", reason, List.of("f32(2) cpu")))
                .hasMessage("empty_strided: Could not run 'aten::empty_strided' with arguments from the 'CUDA' backend [f32(2) cpu]");
        assertThat(new TorchException("mm", "shapes differ. They must not.\nException raised from mm at mm.cpp:1", List.of()))
                .hasMessage("mm: shapes differ. They must not. []");
    }
}
