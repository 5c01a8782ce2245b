package dev.fusedit.trainer.bench.curves;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.bench.BenchOptions;
import dev.fusedit.trainer.bench.StepCost;
import dev.fusedit.trainer.bench.TrialMatmul;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// With costs that are made up, so that what comes of them is known.
class CurveTest {
    private static final BenchOptions OPTIONS = new BenchOptions(DType.F32, Device.CPU, 2, 5);
    private static final long PLENTY = 1L << 50;
    private static final double RATE = 1e11;

    @TempDir
    private Path folder;

    private final List<Long> probed = new ArrayList<>();
    private final List<String> progress = new ArrayList<>();

    /// As long as the work takes at a fixed rate; memory that grows with the square root.
    private StepCost cost(Task task) {
        probed.add(task.value());
        double seconds = task.workload().flops() / RATE;
        return new StepCost(List.of(3 * seconds, seconds, 0.9 * seconds), 2, 500 + Math.round(100 * Math.sqrt(task.value())), 500);
    }

    private Curve curve(Quantity quantity, double seconds, long bytes, Long... values) {
        return Curve.of(quantity, List.of(values), OPTIONS, new Curve.Limits(seconds, () -> bytes), this::cost, progress::add);
    }

    @Test
    void allPointsAreMeasuredAndFollowTheirLaws() {
        var curve = curve(Quantity.BATCH, 100, PLENTY, 16L, 1L, 4L, 8L, 2L, 2L);
        assertThat(probed).containsExactly(1L, 2L, 4L, 8L, 16L);
        assertThat(progress).hasSize(5).last().asString().startsWith("batch 16: ").contains("900 MiB, 400 above the base");
        assertThat(curve.time().exponent()).isCloseTo(curve.work().exponent(), within(1e-9));
        assertThat(curve.work().exponent()).isCloseTo(1, within(0.05));
        assertThat(curve.memory().exponent()).isCloseTo(0.5, within(0.01));
        assertThat(curve.time().points()).as("the upper half").isEqualTo(3);
        assertThat(curve.time().from()).isEqualTo(4);
    }

    /// At 60 % of the matmul rate a step takes as many seconds as there are gigaflops of work.
    @Test
    void measuringIsForeseenPointByPoint() {
        var matmul = new TrialMatmul(1e9 / 0.6, 1e9 / 0.6);
        var two = List.of(1L, 16L);
        double small = Quantity.BATCH.workload(1).flops() / 1e9, large = Quantity.BATCH.workload(16).flops() / 1e9;
        assertThat(large).isBetween(60.0, 70.0);
        assertThat(Curve.forecast(Quantity.BATCH, two, OPTIONS, 1e9, matmul)).as("20 and 11 steps to warm up, 5 that count")
                .isCloseTo(2 * 2 + 25 * small + (Math.ceil(700 / large) + 5) * large, within(1e-6));
        assertThat(Curve.forecast(Quantity.BATCH, two, OPTIONS, 80, matmul)).as("no step after 80 seconds")
                .isCloseTo(2 * 2 + Math.min(80, 25 * small) + 80, within(1e-6));
        assertThat(Curve.forecast(Quantity.BATCH, two, OPTIONS, 50, matmul)).as("the large one is planned")
                .isCloseTo(2 * 2 + Math.min(50, 25 * small), within(1e-6));
    }

    /// Needed work of 4,096 tokens is 1,384 GFLOP, of 1,024 it is 172.
    @Test
    void whatWouldTakeTooLongIsPlanned() {
        var curve = curve(Quantity.TOKENS, 10, PLENTY, 256L, 1024L, 4096L);
        assertThat(probed).containsExactly(256L, 1024L);
        var planned = curve.planned().getFirst();
        assertThat(planned.seconds()).isCloseTo(13.84, withinPercentage(0.5));
        assertThat(planned.why()).contains("longer than 10.0 s");
        assertThat(CurveText.of(curve)).contains("~4,096").contains("~13.8").contains("~4,096 is planned: a step would take longer")
                .contains("memory above base ~ tokens^0.50");
    }

    @Test
    void whatDoesNotFitIsPlanned() {
        var curve = curve(Quantity.PARAMETERS, 1e9, 4L << 30, 10_000_000L, 100_000_000L, 1_000_000_000L);
        assertThat(probed).containsExactly(10_000_000L, 100_000_000L);
        assertThat(curve.planned()).singleElement().satisfies(point -> {
            assertThat(point.task().plannedMiB()).isGreaterThan(8000);
            assertThat(point.why()).contains("3,072 MiB that may be taken");
        });
        assertThat(progress).last().asString().contains("by plan");
    }

    @Test
    void aProcessThatDiesIsNotTheEnd() {
        var curve = Curve.of(Quantity.TEXT, List.of(16L, 32L), OPTIONS, new Curve.Limits(9, () -> PLENTY),
                task -> task.value() == 16 ? null : cost(task), progress::add);
        assertThat(curve.planned()).singleElement().satisfies(point -> assertThat(point.why()).contains("without a result"));
        assertThat(curve.measured()).hasSize(1);
        assertThat(curve.time()).as("one point has no law").isNull();
        assertThat(CurveText.of(curve)).contains("time: too few points");
        assertThat(CurveFiles.json(List.of(curve), OPTIONS).at("/curves/0/laws/time").isNull()).isTrue();
    }

    @Test
    void theFolderHoldsNumbersAndPlots() throws IOException {
        var curves = List.of(curve(Quantity.TOKENS, 10, PLENTY, 256L, 1024L, 4096L));
        CurveFiles.prepare(folder.resolve("a/b"));
        CurveFiles.write(folder.resolve("a/b"), CurveFiles.json(curves, OPTIONS), curves);
        var json = new JsonMapper().readTree(Files.readString(folder.resolve("a/b/curves.json")));
        assertThat(json.at("/curves/0/quantity").textValue()).isEqualTo("tokens");
        assertThat(json.at("/curves/0/points")).hasSize(3);
        assertThat(json.at("/curves/0/points/0/median").doubleValue()).isEqualTo(curves.getFirst().measured().getFirst().cost().median());
        assertThat(json.at("/curves/0/points/2/measured").booleanValue()).isFalse();
        assertThat(json.at("/curves/0/points/2/planned_mib").longValue()).isPositive();
        assertThat(json.at("/curves/0/laws/above_base_mib/exponent").doubleValue()).isCloseTo(0.5, within(0.01));
        for (var name : List.of("tokens-time.png", "tokens-memory.png")) {
            var image = ImageIO.read(new ByteArrayInputStream(Files.readAllBytes(folder.resolve("a/b").resolve(name))));
            assertThat(image.getWidth()).isEqualTo(900);
        }
        var file = Files.writeString(folder.resolve("file"), "");
        assertThatThrownBy(() -> CurveFiles.prepare(file)).isInstanceOf(UserError.class).hasMessageContaining("file");
    }
}
