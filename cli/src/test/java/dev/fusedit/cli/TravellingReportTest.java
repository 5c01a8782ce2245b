package dev.fusedit.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/// The small archive's `report`, with a program in the place of `fusedit` and one in that of `python3`: which steps it runs, and for how long.
@EnabledOnOs(OS.LINUX)
class TravellingReportTest {
    /// Answers as a GPU machine would; `bench train-m` hangs.
    private static final String FUSEDIT = """
        #!/bin/bash
        echo "$@" >>"$(dirname "$0")/asked"
        case $1 in
            doctor) echo '{"devices": [{"device": "cuda:0", "usable": true}]}' ;;
            train) mkdir -p "$4" && echo '{"step":1,"loss":2}' >"$4/metrics.jsonl" && echo '{}' >"$4/result.json" ;;
            bench) [[ $2 != train-m ]] || sleep 60
                echo '{"median": 1}' ;;
            *) echo '{}' ;;
        esac
        """;
    private static final String PYTHON = """
        #!/bin/bash
        case $1 in
            -c) echo 2.99 ;;
            *) echo "plain $*" >>"$(dirname "$0")/asked" && echo '{"median": 2}' ;;
        esac
        """;

    @TempDir
    private Path temp;

    @BeforeEach
    void unpacked() throws IOException {
        Files.copy(Path.of("../release/src/travel/report"), temp.resolve("report"));
        program("fusedit", FUSEDIT);
        program("python", PYTHON);
    }

    private void program(String name, String text) throws IOException {
        assertThat(Files.writeString(temp.resolve(name), text).toFile().setExecutable(true)).isTrue();
    }

    private int report(String... options) throws IOException, InterruptedException {
        var command = new ArrayList<>(List.of("bash", temp.resolve("report").toString(), "--libtorch", temp.toString(), "--out",
                temp.resolve("report.json").toString()));
        command.addAll(List.of(options));
        return new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(temp.resolve("said").toFile()).start().waitFor();
    }

    private JsonNode steps() throws IOException { return new ObjectMapper().readTree(temp.resolve("report.json").toFile()).get("steps"); }

    @Test
    void whatMattersComesFirstAndPyTorchBeside() throws Exception {
        assertThat(report("--python", temp.resolve("python").toString(), "--limit", "1")).as("one step hangs").isEqualTo(1);
        assertThat(ImmutableList.copyOf(steps().fieldNames())).containsExactly("version", "driver", "doctor", "parity",
                "bench-train-large-bf16", "train-cuda", "result", "metrics", "hash", "bench-sample-large-bf16", "plain-train-large-bf16",
                "plain-compile-train-large-bf16", "bench-train-m-bf16", "plain-train-m-bf16", "plain-compile-train-m-bf16",
                "plain-sample-large-bf16", "plain-compile-sample-large-bf16", "bench-train-s-f32", "bench-train-s-bf16",
                "bench-sample-s-f32", "plain-train-s-f32", "plain-compile-train-s-f32");
        assertThat(steps().at("/bench-train-m-bf16/exit").asInt()).isEqualTo(124);
        assertThat(steps().at("/plain-train-large-bf16/result/median").asInt()).isEqualTo(2);
        assertThat(steps().at("/metrics/result/0/loss").asInt()).isEqualTo(2);
        assertThat(temp.resolve("asked")).content().contains("plain " + temp.resolve("benchmarks/python/plain.py")
                + " train-large --dtype bf16 --device cuda --workloads " + temp.resolve("benchmarks/large.json") + " --compile");
    }

    @Test
    void allOfItTakesNoLongerThanItMay() throws Exception {
        assertThat(report("--python", temp.resolve("none").toString(), "--total", "10")).isEqualTo(1);
        assertThat(steps().at("/train-cuda/exit").asInt(-1)).isZero();
        assertThat(steps().at("/bench-train-m-bf16/exit").asInt()).as("its limit was what was left").isEqualTo(124);
        assertThat(steps().at("/bench-train-s-f32/exit").isNull()).isTrue();
        assertThat(steps().at("/bench-train-s-f32/left_out").asText()).isEqualTo("the 10 seconds of --total were over");
        assertThat(steps().has("plain-train-s-f32")).as("no torch").isFalse();
    }

    @Test
    void optionsAreChecked() throws Exception {
        assertThat(report("--total", "soon")).isEqualTo(2);
        assertThat(temp.resolve("said")).content().contains("--limit and --total are whole seconds");
        assertThat(report("--help")).isZero();
        assertThat(temp.resolve("said")).content().contains("--total      of all of them").doesNotContain("pipefail");
    }

    /// What `plain.py` imports, and the workloads that it is given.
    @Test
    void theArchiveHoldsWhatIsRun() throws IOException {
        assertThat(Path.of("../release/pack.xml")).content().contains("includes=\"plain.py,workloads.py\"", "bench/workloads.json",
                "benchmarks/large.json");
        assertThat(Path.of("../benchmarks/python/plain.py")).content().contains("from workloads import");
        var shipped =
                new ObjectMapper().readTree(Path.of("../trainer/src/main/resources/dev/fusedit/trainer/bench/workloads.json").toFile());
        assertThat(shipped.has("train-s") && shipped.has("train-m")).isTrue();
    }
}
