package dev.fusedit.fusion.dit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusedit.fusion.dit.TrainingPassTest.Use;
import dev.fusedit.fusion.llm.Prompt;
import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Kernels;
import dev.fusedit.torch.Libtorch;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Rounding;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.Threads;
import dev.fusedit.torch.fused.Fused;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Without the one-pass kernels and without custom backward passes: libtorch's ops alone, as on many threads, and where the Vector API is
/// not there.
@Tag("numeric")
@Tag("training")
@Threads(atLeast = Fused.MOST_THREADS + 1, atMost = Fused.MOST_THREADS + 1)
@ExtendWith(NoTensorLeaks.class)
class PlainWayTest {
    private static final Prompt PROMPT = Prompt.of(new long[] {2, 7, 9, 11}, new long[] {2, 5});

    @BeforeEach
    void kernelsAreOff() { assertThat(Fused.serves(Tensor.ones(DType.F32, 2))).isFalse(); }

    private static <T> T byKernels(Supplier<T> body) {
        int threads = Libtorch.threads();
        Libtorch.setThreads(Fused.MOST_THREADS);
        try {
            return body.get();
        } finally {
            Libtorch.setThreads(threads);
        }
    }

    @ParameterizedTest
    @MethodSource("dev.fusedit.fusion.dit.TrainingPassTest#usualModels")
    void gradientsAreThoseOfTheCustomBackward(ImageModelConfig config) {
        for (var checkpointing : List.of(false, true)) {
            var plain = TrainingPassTest.recorded(config, DTypePolicy.F32, GradientMask.NONE, Use.ALL, checkpointing, false);
            var custom = byKernels(() -> TrainingPassTest.recorded(config, DTypePolicy.F32, GradientMask.NONE, Use.ALL, checkpointing,
                    Kernels.expected()));
            TrainingPassTest.assertNear(custom, plain);
            TrainingPassTest.assertNear(plain, TrainingPassTest.ofAutograd(config, DTypePolicy.F32, GradientMask.NONE, Use.ALL));
        }
    }

    @ParameterizedTest
    @MethodSource("dev.fusedit.fusion.dit.FuseDiTTest#everyFamily")
    void imagesAreThoseOfTheKernelsUpToRounding(FuseDiTConfig config) {
        try (var tiny = Tiny.of(config); var _ = Autograd.noGrad()) {
            Supplier<Tensor> drawn = () -> tiny.model().forward(Tiny.latents(2), Tiny.times(2), PROMPT);
            Rounding.assertSame(byKernels(drawn), drawn.get(), Rounding.SMALL_MODEL);
        }
    }

    // ---- in a Java that has no Vector API, or narrower vectors

    /// How many norms of a training step had a backward of their own, its loss and gradients' norm, and whether that Java has the kernels: for a process of
    /// its own.
    static final class Step {
        private Step() {}

        public static void main(String[] args) {
            Libtorch.setThreads(1);
            IO.println(line());
        }

        static String line() {
            try (var tiny = Tiny.of(Tiny.config()); var _ = TensorScope.open(); var pass = tiny.model().pass(false)) {
                tiny.weights().train(_ -> true);
                var made = pass.image(Tiny.latents(2), Tiny.times(2), pass.text(PROMPT, false), null, ForwardOptions.NONE).prediction();
                var loss = made.sub(1).square().mean();
                pass.backward(loss);
                double squares = tiny.weights().all().filter(p -> p.gradient() != null)
                        .mapToDouble(p -> p.gradient().to(DType.F64).square().sum().item()).sum();
                return "%d %.9e %.9e %b".formatted(pass.ops().ownBackward().count("ModulatedNorm"), loss.item(), Math.sqrt(squares),
                        Kernels.expected());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "--add-modules=jdk.incubator.vector -Dfusedit.unfused=true", "--add-modules=jdk.incubator.vector",
        "--add-exports=java.base/jdk.internal.module=ALL-UNNAMED", "--add-modules=jdk.incubator.vector -XX:UseAVX=1",
        "--add-modules=jdk.incubator.vector -XX:UseAVX=0"})
    void anotherJavaTakesTheSameStepUpToRounding(String options) throws IOException, InterruptedException {
        var found = step(options.isEmpty() ? List.of() : List.of(options.split(" ")));
        var expected = Step.line().split(" ");
        assertThat(found[0].equals("0")).as("no norm has a backward of its own")
                .isEqualTo(!((options.endsWith("vector") || options.endsWith("ALL-UNNAMED")) && Boolean.parseBoolean(found[3])));
        for (int i = 1; i <= 2; i++) {
            double right = Double.parseDouble(expected[i]);
            assertThat(Math.abs(Double.parseDouble(found[i]) - right)).isLessThanOrEqualTo(Rounding.SMALL_MODEL * 0x1p-24 * right);
        }
    }

    private static String[] step(List<String> options) throws IOException, InterruptedException {
        var command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        command.addAll(options);
        command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-Xmx512m", "-cp", System.getProperty("java.class.path"),
                Step.class.getName()));
        var process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
        var output = new String(process.getInputStream().readAllBytes()).strip();
        assertThat(process.waitFor()).as(output).isZero();
        return output.lines().reduce((_, last) -> last).orElseThrow().split(" ");
    }
}
