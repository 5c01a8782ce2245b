package dev.fusedit.trainer.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.fusedit.fusion.parity.Parity;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.Libtorch;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.internal.abi.MetaKernels;
import dev.fusedit.torch.internal.abi.Placement;
import dev.fusedit.trainer.plan.StepMemory;
import dev.fusedit.trainer.recipe.Run;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(NoTensorLeaks.class)
class BenchTest {
    private static final String SMALL = """
            {"about": "for tests",
             "small": {"kind": "train", "attention": "self", "pos_embed": "2d-rope", "timestep_conditioning": "adaln-zero", "qk_norm": true,
               "sandwich_norm": false,
               "lm": {"type": "gemma", "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1,
                 "head_dim": 16, "intermediate_size": 48, "vocab_size": 64},
               "dit_hidden_size": 24, "dit_num_hidden_layers": 2, "latent": [4, 8, 4], "text": {"padded": 9, "valid": [3, 7, 5]},
               "batch": 4, "optimizer": "adamw", "grad_clip": 1.0},
             "crossed": {"kind": "train", "attention": "cross", "pos_embed": "ape", "timestep_conditioning": "adaln-single", "qk_norm": true,
               "sandwich_norm": true,
               "lm": {"type": "gemma2", "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1,
                 "head_dim": 16, "intermediate_size": 48, "vocab_size": 64},
               "dit_hidden_size": 32, "dit_num_hidden_layers": 2, "latent": [4, 8, 4], "text": {"padded": 9, "valid": [3, 7]}, "batch": 2},
             "drawn": {"kind": "sample", "like": "small", "batch": 2, "steps": 3, "guidance": 6.0, "use_cache": true}}
            """;

    @TempDir
    private Path folder;

    private final int threads = Libtorch.threads();

    @AfterEach
    void asManyThreadsAsBefore() { Libtorch.setThreads(threads); }

    private Workload small(String name) throws IOException {
        return Workloads.read(Files.writeString(folder.resolve("w.json"), SMALL)).get(name);
    }

    private static BenchOptions options(DType dtype) { return new BenchOptions(dtype, Device.CPU, 1, 3); }

    /// To the digit what the formula of earlier versions gave.
    @ParameterizedTest
    @CsvSource({"train-s, 32", "train-cross-s, 37", "train-m, 538", "sample-s, 249", "sample-m, 2070"})
    void neededWorkIsCountedInMatmuls(String name, long gigaflops) {
        assertThat(Math.round(Workloads.builtIn().get(name).flops() / 1e9)).isEqualTo(gigaflops);
    }

    /// 249,439,291,392 by hand: of 4 samples with 64 tokens each and texts of 12, 20, 33 and 9, through 6 layers of width 384, 25 times, in both
    /// branches of guidance.
    @Test
    void neededWorkIsThatOfTheFormula() {
        double text = 2 * (5 * (74 * (2 * 384 * 384 + 2 * 384 * 64 + 3 * 384 * 1024) + 894 * 2 * 384.0) + 74 * 2 * 384 * 64);
        double image = 2 * (6 * (256 * (2 * 384 * 384 + 2 * 384 * 64 + 3 * 384 * 1024) + 2 * 384 * (256 * 64 + 74 * 64)
                + 4 * 6 * 384 * 384.0) + 256 * 64 * 384 * 2);
        assertThat(Workloads.builtIn().get("sample-s").flops()).isCloseTo(2 * (text + 25 * image), within(1.0));
    }

    @ParameterizedTest
    @CsvSource({"small, f32", "small, bf16", "crossed, f32", "drawn, f32", "drawn, bf16"})
    void aWorkloadIsMeasured(String name, String dtype) throws IOException {
        var heard = new ArrayList<Repetition>();
        var result = Bench.run(small(name), options(DType.valueOf(dtype.toUpperCase(java.util.Locale.ROOT))), heard::add);
        var counted = heard.stream().filter(repetition -> !repetition.warmUp()).toList();
        assertThat(counted).extracting(Repetition::seconds).isEqualTo(result.seconds());
        assertThat(counted).extracting(Repetition::number).containsExactly(1, 2, 3);
        assertThat(heard).last().extracting(Repetition::isLast).isEqualTo(true);
        assertThat(heard.getFirst().toString()).startsWith(name + " " + dtype + " warm-up 1/20  ");
        assertThat(result.seconds()).hasSize(3).allMatch(seconds -> seconds > 0);
        assertThat(result.values()).allMatch(Double::isFinite).doesNotHaveDuplicates();
        assertThat(result.parts().values()).allMatch(seconds -> seconds > 0);
        assertThat(result.ops()).isGreaterThan(20);
        var json = result.json();
        assertThat(json.path("flops_per_s").doubleValue()).isCloseTo(json.path("flops").doubleValue() / json.path("median").doubleValue(),
                within(1.0));
        assertThat(json.path("compute_dtype").textValue()).isEqualTo(dtype);
        assertThat(json.path("weights_dtype").textValue()).isEqualTo(name.equals("drawn") ? dtype : "f32");
        assertThat(json.fieldNames()).toIterable().contains("workload", "device", "threads", "unit", "median", "min", "peak_mib", "runs",
                "matmul_peak").contains(name.equals("drawn") ? new String[] {"output_abs_mean"} : new String[] {"loss_first", "loss_last"});
        assertThat(result.toString()).contains("median", "optimizer".substring(0, name.equals("drawn") ? 0 : 9));
    }

    /// What `docs/scale.md` reckons with for 16 images, whose texts are somewhat longer there.
    @Test
    void thePapersLargeRunIsAWorkload() {
        var large = Workloads.read(Path.of("../benchmarks/large.json"));
        var train = large.get("train-large");
        assertThat(WorkloadFlops.ofImages(train)).isCloseTo(212e12, withinPercentage(3));
        assertThat(train.flops() - WorkloadFlops.ofImages(train)).isBetween(0.2 * 16e12, 16e12);
        assertThat(large.get("sample-large").shape().model()).isEqualTo(train.shape().model());
    }

    @Test
    void utilizationIsToldByTheDataSheetOfAKnownGpu() throws IOException {
        var json = onGpu("NVIDIA H200", DType.BF16).json();
        double possible = 0.5 * 989.4e12;
        assertThat(json.path("mfu").asDouble()).isCloseTo(json.path("image_flops").asDouble() / possible, withinPercentage(1e-6));
        assertThat(json.path("mfu_with_llm").asDouble()).isCloseTo(json.path("flops").asDouble() / possible, withinPercentage(1e-6));
        assertThat(json.path("image_flops").asDouble()).isPositive().isLessThan(json.path("flops").asDouble());
        assertThat(json.path("device").asText()).isEqualTo("cuda:0");
        assertThat(json.path("device_name").asText()).isEqualTo("NVIDIA H200");
        assertThat(onGpu("NVIDIA H200", DType.BF16).toString()).contains("MFU ", "/ 0.5000 s / 9.894e+14 FLOP/s", "language model's");
        assertThat(onGpu("NVIDIA H200", DType.F32).json().has("mfu")).as("the figure is of bf16").isFalse();
        assertThat(onGpu("NVIDIA Something", DType.BF16).json().has("mfu")).as("an unknown divisor").isFalse();
    }

    private BenchResult onGpu(String name, DType dtype) throws IOException {
        return new BenchResult(small("small"), new BenchOptions(dtype, Device.cuda(0), 1, 3), name, List.of(0.4, 0.5, 0.6), List.of(1.0), 1,
                dtype,
                1, 1, 1, Map.of(), 1e12);
    }

    @Test
    void lanesAreOfTheCpu() {
        assertThatThrownBy(() -> new BenchOptions(DType.F32, Device.cuda(0), 1, OptionalInt.of(2), 1))
                .isInstanceOf(IllegalArgumentException.class).hasMessage("lanes are threads of the CPU: cuda:0 computes a batch as one");
    }

    /// On libtorch's meta device, whose tensors have no numbers: all is asked for until the loss is read.
    @ParameterizedTest
    @ValueSource(strings = {"small", "crossed", "drawn"})
    void workKeepsToItsDevice(String name) throws IOException {
        MetaKernels.register();
        System.setProperty("fusedit.late", "true");
        try (var placement = Placement.watch();
                var work = Work.of(small(name), new BenchOptions(DType.BF16, Device.META, 1, 1))) {
            assertThatThrownBy(() -> work.repeat(0)).hasMessageContaining("meta");
            assertThat(placement.mixed()).isEmpty();
        } finally {
            System.clearProperty("fusedit.late");
        }
    }

    /// As many as are asked for, but no more than there are samples (two); else as many as a run would have: work as small as this is one
    /// lane, train-s as many as there are threads.
    @ParameterizedTest
    @CsvSource({"crossed, 2, 2", "drawn, 2, 2", "crossed, 1, 1", "crossed, 3, 2", "drawn, , 1"})
    void lanesThatTheWorkTakesAreTold(String name, Integer asked, int lanes) throws IOException {
        var options = new BenchOptions(DType.F32, Device.CPU, 2, asked == null ? OptionalInt.empty() : OptionalInt.of(asked), 1);
        var result = Bench.run(small(name), options);
        assertThat(result.lanes()).isEqualTo(lanes);
        assertThat(result.json().path("lanes").intValue()).isEqualTo(lanes);
        assertThat(result.toString()).contains("threads: 2, lanes: " + lanes);
        assertThat(Workloads.builtIn().get("train-s").lanes(Device.CPU)).isEqualTo(2);
    }

    @Test
    void whoFollowsMayEndTheMeasurement() throws IOException {
        var small = small("small");
        var heard = new ArrayList<Repetition>();
        assertThatThrownBy(() -> Bench.run(small, options(DType.F32), repetition -> {
            heard.add(repetition);
            if (heard.size() == 3) throw new IllegalStateException("enough");
        })).hasMessage("enough");
        assertThat(heard).hasSize(3);
    }

    /// The limit lets a step begin that ends in time by the one before it, and never fewer than one.
    @ParameterizedTest
    @CsvSource({"small, 1e9, 3", "crossed, 1e-9, 1"})
    void aStepIsMeasuredAsOftenAsTheTimeAllows(String name, double limit, int counted) throws IOException {
        var heard = new ArrayList<Repetition>();
        var cost = StepCost.of((Workload.Train) small(name), options(DType.F32), limit, heard::add);
        assertThat(cost.seconds()).hasSize(counted).allMatch(seconds -> seconds > 0);
        assertThat(cost.median()).isGreaterThanOrEqualTo(cost.least());
        assertThat(cost.lanes()).isEqualTo(1);
        assertThat(heard).hasSizeGreaterThanOrEqualTo(counted).last().extracting(Repetition::seconds).isEqualTo(cost.seconds().getLast());
        assertThat(StepCost.of(cost.json())).isEqualTo(cost);
    }

    /// What a plan says of a step that is no recipe's, against the plan of parts that are the same: four times the tokens, over four times
    /// the graph.
    @Test
    void memoryOfAStepIsPlannedFromItsShape() {
        var shape = Workloads.builtIn().get("train-s").shape();
        var none = StepMemory.of(shape.model(), Run.Precision.F32, 1, 1, 1);
        var once = StepMemory.of(shape.model(), Run.Precision.F32, 2, 4096, 20);
        var larger = StepMemory.of(shape.model(), Run.Precision.F32, 8, 4096, 20);
        assertThat(once.parameters()).isEqualTo(27_355_072);
        assertThat(none.bytes()).as("weights, gradients, moments").isGreaterThan(4 * none.parameters() + 12 * none.trainable());
        assertThat((double) larger.bytes() - none.bytes()).isCloseTo(4.0 * (once.bytes() - none.bytes()), withinPercentage(10));
        assertThat(StepMemory.of(shape.model(), Run.Precision.BF16, 2, 4096, 20).bytes()).as("by matmuls, so many scores are not kept")
                .isLessThan(once.bytes());
    }

    /// Same noise, 40 steps on it: the loss falls all the way, by 2.6 % where this was written.
    @Test
    void trainingStepsLearn() throws IOException {
        try (var work = Work.of(small("small"), options(DType.F32))) {
            var losses = IntStream.rangeClosed(0, 40).mapToObj(_ -> work.repeat(0)).toList();
            assertThat(List.of(losses.get(0), losses.get(10), losses.get(20), losses.get(30), losses.get(40)))
                    .isSortedAccordingTo(Comparator.reverseOrder()).doesNotHaveDuplicates();
            assertThat(losses.getLast()).isLessThan(0.98 * losses.getFirst());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"small", "crossed", "drawn"})
    void whatIsExportedPassesAsACase(String name) throws IOException {
        var place = folder.resolve("case");
        CaseExport.write(small(name), options(DType.BF16), place);
        var report = Parity.run(List.of(place));
        assertThat(report.cases()).hasSize(1).allMatch(result -> result.passed());
        assertThatThrownBy(() -> CaseExport.write(small(name), options(DType.F32), place)).isInstanceOf(UserError.class)
                .hasMessageContaining("is not empty");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "\"grad_clip\": 1.0 | \"clip\": 1.0 | small: unknown field 'clip'",
        "\"kind\": \"sample\" | \"kind\": \"draw\" | drawn: kind must be one of train, sample",
        "\"like\": \"small\" | \"like\": \"smal\" | smal is missing, it must be a workload",
        "\"latent\": [4, 8, 4] | \"latent\": [4, 8] | latent must be channels, height and width",
        "\"valid\": [3, 7, 5] | \"valid\": [3, 70] | lengths must be from 1 to 9",
        "\"hidden_size\": 32 | \"hidden_size\": \"32\" | hidden_size must be a whole number",
        "\"guidance\": 6.0 | \"guidance\": 1.0 | guidance must be more than 1",
        "\"optimizer\": \"adamw\" | \"optimizer\": \"sgd\" | optimizer must be adamw",
        "{\"about\" | \"about\" | is not valid JSON"})
    void mistakesAreNamed(String from, String to, String error) throws IOException {
        assertThat(SMALL).contains(from);
        var file = Files.writeString(folder.resolve("wrong.json"), SMALL.replaceFirst(java.util.regex.Pattern.quote(from), to));
        assertThatThrownBy(() -> Workloads.read(file)).isInstanceOf(UserError.class).hasMessageContaining("wrong.json")
                .hasMessageContaining(error);
    }

    @Test
    void aBaselineTellsWhatIsSlower() throws IOException {
        var file = folder.resolve("baseline.json");
        var result = Bench.run(small("small"), options(DType.F32));
        Baseline.record(file, result);
        var baseline = Baseline.read(file);
        assertThat(baseline.shares()).containsOnlyKeys("small f32");
        var faster = new Baseline(0.15, java.util.Map.of("small f32", 2 * result.share()));
        assertThat(faster.check(result).holds()).isFalse();
        assertThat(faster.check(result).toString()).contains("SLOWER");
        assertThat(new Baseline(0.15, java.util.Map.of("small f32", result.share() * 1.1)).check(result).holds()).isTrue();
        assertThatThrownBy(() -> baseline.check(Bench.run(small("crossed"), options(DType.F32)))).isInstanceOf(UserError.class)
                .hasMessageContaining("small f32");
    }
}
