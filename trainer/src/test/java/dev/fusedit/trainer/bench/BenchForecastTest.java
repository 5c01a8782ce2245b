package dev.fusedit.trainer.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.Libtorch;
import dev.fusedit.torch.NoTensorLeaks;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// With rates that are made up, but for the last test.
@ExtendWith(NoTensorLeaks.class)
class BenchForecastTest {
    /// 32 GFLOP a step, 538 and 2,070.
    private static final Workload SMALL = Objects.requireNonNull(Workloads.builtIn().get("train-s"));
    private static final Workload LARGE = Objects.requireNonNull(Workloads.builtIn().get("train-m"));
    private static final Workload SAMPLED = Objects.requireNonNull(Workloads.builtIn().get("sample-m"));

    private final int threads = Libtorch.threads();

    @AfterEach
    void asManyThreadsAsBefore() { Libtorch.setThreads(threads); }

    private static BenchOptions options(int threads, int repetitions) {
        return new BenchOptions(DType.F32, Device.CPU, threads, repetitions);
    }

    private static TrialMatmul at(double gigaflops) { return new TrialMatmul(gigaflops * 1e9, gigaflops * 1e9); }

    @ParameterizedTest
    @CsvSource({"1, 1, false", "2, 2, false", "1, 16, false", "2, 1, true", "4, 2, true", "17, 16, true"})
    void moreThreadsThanCoresAreSaid(int threads, int cores, boolean said) {
        var warning = BenchForecast.oversubscribed(threads, cores);
        if (said) {
            assertThat(warning).startsWith(threads + " threads on " + cores + " core").contains("--threads " + cores + " is");
        } else {
            assertThat(warning).isNull();
        }
    }

    @Test
    void aSlowPrecisionIsSaidWithItsFactor() {
        assertThat(BenchForecast.slowPrecision(DType.BF16, new TrialMatmul(7e9, 84e9)))
                .startsWith("bf16: this CPU multiplies it 12.0 times slower than f32 (7.00 against 84.0 GFLOP/s)")
                .contains("--dtype f32 is faster");
        assertThat(BenchForecast.slowPrecision(DType.BF16, new TrialMatmul(100e9, 140e9))).as("a quarter less may be chance").isNull();
        assertThat(BenchForecast.slowPrecision(DType.BF16, new TrialMatmul(160e9, 80e9))).isNull();
        assertThat(BenchForecast.slowPrecision(DType.F32, at(80))).isNull();
    }

    /// Of train-m 2 repetitions to warm up, of train-s 20 at most, of sample-m one; 5 that count; 2 besides; at 60 % of the matmul rate.
    @Test
    void timeIsThatOfAllRepetitions() {
        assertThat(BenchForecast.seconds(LARGE, options(2, 5), at(100))).isCloseTo(9 * LARGE.flops() / 60e9, within(1e-9));
        assertThat(BenchForecast.seconds(SMALL, options(2, 5), at(100))).isCloseTo(27 * SMALL.flops() / 60e9, within(1e-9));
        assertThat(BenchForecast.seconds(SAMPLED, options(2, 5), at(100))).isCloseTo(8 * SAMPLED.flops() / 60e9, within(1e-9));
        assertThat(BenchForecast.line(SMALL, options(2, 5), at(100)))
                .isEqualTo(
                        "train-s f32: about 0:14 for 20 repetitions to warm up and 5 that count, "
                                + "by one matmul at 100 GFLOP/s (2 threads)");
        assertThat(BenchForecast.line(SMALL, options(8, 5), at(0.889))).contains("about 26:56 ", "at 0.889 GFLOP/s (8 threads)");
    }

    /// By the forecast 81 s in all, 9 s each.
    @ParameterizedTest
    @CsvSource({"true, 30, false", "true, 40, true", "false, 15, false", "false, 20, true"})
    void repetitionsThatTakeLongerAreSaid(boolean isFirst, double took, boolean said) {
        var matmul = at(LARGE.flops() / 9 / 0.6 / 1e9);
        var line = BenchForecast.corrected(LARGE, options(2, 5), matmul, isFirst, took);
        if (said) {
            assertThat(line).startsWith("train-m f32: a repetition took %.1f s; about ".formatted(took))
                    .contains(took == 40 ? "6:00" : "3:00");
        } else {
            assertThat(line).isNull();
        }
        assertThat(BenchForecast.corrected(SMALL, options(2, 1), at(1e6), false, 1)).as("short, whatever was said").isNull();
    }

    /// In lanes and without; what it leaves behind would be a leak.
    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void aMatmulIsTriedInEachPrecision(int threads) {
        var matmul = TrialMatmul.of(SMALL, new BenchOptions(DType.BF16, Device.CPU, threads, 1));
        assertThat(matmul.rate()).isBetween(1e7, 1e14);
        assertThat(matmul.f32()).isBetween(1e7, 1e14).isNotEqualTo(matmul.rate());
        assertThat(Libtorch.threads()).isEqualTo(threads);
        var f32 = TrialMatmul.of(SMALL, options(threads, 1));
        assertThat(f32.f32()).isEqualTo(f32.rate());
    }
}
