package dev.fusedit.trainer.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.page.HtmlPageTest;
import dev.fusedit.trainer.recipe.Recipe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ComparisonTest {
    private static final String RESULT = """
            {"seconds": 61, "steps": 10, "images_per_second": 5.5, "peak_mib": 300, "blocks": {"seen": {"mean": 0.5, "single": 0.25, "n": 4,
             "attributes": {"color": 0.75}, "intervals": {"mean": [0.2, 0.8], "single": [0.05, 0.7]}}}}""";

    @TempDir
    private Path folder;

    /// Of tests/minimal: stages of 3, 4 and 3 steps with 4 samples each, the first without images.
    private Path run(String name, int steps, String... settings) throws IOException {
        var run = Files.createDirectories(folder.resolve(name));
        Files.writeString(run.resolve("recipe.yaml"),
                Recipe.find("tests/minimal", List.of(java.util.stream.Stream.concat(java.util.stream.Stream.of("run.precision=f32",
                        "run.lanes=1"), java.util.stream.Stream.of(settings)).toArray(String[]::new))).canonical());
        var rows = new StringBuilder();
        for (int step = 1; step <= steps; step++)
            rows.append(
                    "{\"step\":%d,\"stage\":\"x\",\"flow\":%d,\"repa\":0.5,\"images_per_second\":2.5,\"seconds\":%d}\n".formatted(step,
                            step, 3 * step));
        rows.append("{\"event\":\"validation\",\"step\":%d,\"flow\":0.125}\n".formatted(steps));
        Files.writeString(run.resolve("metrics.jsonl"), rows);
        return run;
    }

    private static List<String> row(List<List<String>> rows, String name) {
        return rows.stream().filter(row -> row.getFirst().equals(name)).findFirst().orElseThrow();
    }

    @Test
    void whatDiffersIsTold() throws IOException {
        var comparison = Comparison.of(List.of(run("a", 10), run("b", 10, "stages.joint.lr.dit=0.5", "run.name=other")));
        assertThat(comparison.differences()).hasSize(2);
        assertThat(comparison.differences().getLast()).containsExactly("stages.joint.lr.dit", "0.001", "0.5");
        assertThat(Comparison.of(List.of(folder.resolve("a"))).differences()).hasSize(1);
        assertThat(ComparisonJson.of(comparison).at("/differences/stages.joint.lr.dit/1").asText()).isEqualTo("0.5");
    }

    @Test
    void runsAreTakenAsFarAsTheyCame() throws IOException {
        Files.writeString(run("whole", 10).resolve("result.json"), RESULT);
        var comparison = Comparison.of(List.of(folder.resolve("whole"), run("stopped", 5)));
        var taken = comparison.quantities();
        assertThat(taken.getFirst()).containsExactly("taken", "whole", "stopped (not at its end)");
        assertThat(row(taken, "steps")).containsExactly("steps", "10", "5");
        assertThat(row(taken, "images")).as("3 steps show none").containsExactly("images", "28", "8");
        assertThat(row(taken, "time")).containsExactly("time", "1:01", "0:15");
        assertThat(row(taken, "peak MiB")).containsExactly("peak MiB", "300", "-");
        assertThat(row(taken, "flow loss")).as("of the last tenth of the rows").containsExactly("flow loss", "10.00", "5.000");
        assertThat(row(taken, "repa loss")).containsExactly("repa loss", "0.5000", "0.5000");
        assertThat(row(taken, "validation flow")).containsExactly("validation flow", "0.1250", "0.1250");
        var runs = comparison.runs();
        assertThat(runs.getLast().flops()).isPositive().isLessThan(runs.getFirst().flops());
        assertThat(runs.getFirst().flops()).isEqualTo(runs.getFirst().flops(1_000_000));
    }

    @Test
    void evaluationsOnTheWayAreCurves() throws IOException {
        var row =
                "{\"event\":\"evaluation\",\"step\":%d,\"stage\":\"fuse\",\"scores\":{\"blocks/seen\":{\"value\":%s,\"interval\":[0.1,0.9],\"n\":6}}}\n";
        Files.writeString(run("a", 10).resolve("metrics.jsonl"), row.formatted(4, "0.25") + row.formatted(10, "0.5"),
                StandardOpenOption.APPEND);
        var comparison = Comparison.of(List.of(folder.resolve("a"), run("b", 10)));
        assertThat(row(comparison.evaluations(), "blocks/seen")).containsExactly("blocks/seen", "0.500 (0.100 to 0.900), step 10", "-");
        assertThat(comparison.runs().getFirst().evaluations().get("blocks/seen").y()).containsExactly(0.25, 0.5);
        assertThat(ComparisonPage.of(comparison, Optional.empty())).contains("blocks/seen against steps", "Evaluated on the way");
        assertThat(ComparisonJson.of(comparison).at("/runs/0/evaluations/1/scores/blocks~1seen/value").asDouble()).isEqualTo(0.5);
        assertThat(Comparison.of(List.of(folder.resolve("b"))).evaluations()).hasSize(1);
    }

    @Test
    void scoresHaveTheirIntervals() throws IOException {
        Files.writeString(run("whole", 10).resolve("result.json"), RESULT);
        var scores = Comparison.of(List.of(folder.resolve("whole"), run("stopped", 5))).scores();
        assertThat(row(scores, "seen single")).containsExactly("seen single", "0.25 (0.05 to 0.70)", "-");
        assertThat(row(scores, "seen right color")).containsExactly("seen right color", "0.75", "-");
        assertThat(row(scores, "seen images")).containsExactly("seen images", "4", "-");
    }

    /// Of the folder that studies use, and of any other that `eval --out` was given within the run's.
    @Test
    void whatRunsWereEvaluatedByIsTold() throws IOException {
        var a = run("a", 10);
        var suites = "{\"headline\": {\"geneval/overall\": {\"value\": 0.25, \"interval\": [0.2, 0.3125], \"n\": 553}, "
                + "\"consistency/caption_gap\": {\"value\": 2.676e-6, \"n\": 1}}}";
        Files.writeString(Files.createDirectories(a.resolve("eval")).resolve("eval.json"), suites);
        Files.writeString(Files.createDirectories(a.resolve("mjhq")).resolve("eval.json"),
                "{\"headline\": {\"reference/fid\": {\"value\": 30.5, \"interval\": [30, 31], \"n\": 3000}}}");
        var comparison = Comparison.of(List.of(a, run("b", 10)));
        var rows = comparison.suites();
        assertThat(row(rows, "geneval/overall")).containsExactly("geneval/overall", "0.2500 (0.2000 to 0.3125), n 553", "-");
        assertThat(row(rows, "consistency/caption_gap")).containsExactly("consistency/caption_gap", "2.676e-06, n 1", "-");
        assertThat(row(rows, "mjhq: reference/fid")).containsExactly("mjhq: reference/fid", "30.50 (30.00 to 31.00), n 3000", "-");
        assertThat(ComparisonPage.of(comparison, Optional.empty())).contains("Evaluated", "0.2500 (0.2000 to 0.3125), n 553");
        assertThat(ComparisonJson.of(comparison).at("/runs/0/suites/geneval~1overall/interval/1").asDouble()).isEqualTo(0.3125);
        assertThat(ComparisonJson.of(comparison).at("/runs/1").has("suites")).isFalse();
        assertThat(Comparison.of(List.of(folder.resolve("b"))).suites()).hasSize(1);
    }

    @Test
    void aPageHoldsEverything() throws IOException {
        var comparison = Comparison.of(List.of(run("a<b", 10), run("b", 10, "run.seed=7")));
        var page = ComparisonPage.of(comparison, Optional.empty());
        assertThat(page).contains("a&lt;b", "<td>run.seed<td>1<td>7", "data-chart=\"4\"", "flow loss against training FLOPs",
                "validation flow loss against images");
        HtmlPageTest.requireAlone(page);
    }

    @Test
    void labelsTellRunsApart() {
        assertThat(Comparison.labels(List.of(Path.of("x/one"), Path.of("y/two")))).containsExactly("one", "two");
        assertThat(Comparison.labels(List.of(Path.of("x/one"), Path.of("y/one")))).containsExactly("x/one", "y/one");
        assertThatThrownBy(() -> Comparison.labels(List.of(Path.of("x/one"), Path.of("x/./one")))).isInstanceOf(UserError.class)
                .hasMessageContaining("given twice");
    }

    @Test
    void whatIsNoRunIsNamed() throws IOException {
        assertThatThrownBy(() -> Comparison.of(List.of(folder))).isInstanceOf(UserError.class).hasMessageContaining("is no run's folder");
        var empty = run("empty", 1);
        Files.writeString(empty.resolve("metrics.jsonl"), "");
        assertThatThrownBy(() -> Comparison.of(List.of(empty))).isInstanceOf(UserError.class).hasMessageContaining("nothing was trained");
    }
}
