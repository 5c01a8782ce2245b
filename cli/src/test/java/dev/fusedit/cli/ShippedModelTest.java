package dev.fusedit.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The model of `recipes/blocks.yaml` that lies in the repository: what comes of it holds sampling, judging, `weights.model` and `export` to
/// what they were when it was trained.
class ShippedModelTest {
    private static final Path MODEL = Path.of("../examples/models/blocks");
    private static final String WEIGHTS = "transformer/model.safetensors";
    /// Shares of 16 captions a kind that came true when the model was shipped, on a CPU with AVX-512 and bf16.
    private static final Map<String, Double> SEEN =
            Map.of("single", 0.94, "two", 0.81, "counting", 0.75, "colors", 1.0, "position", 0.94, "attribution", 0.94);
    /// Three of 16: another CPU rounds otherwise, and an image on the edge tips over. As with AVX2 alone "single" is 1 and "counting" 0.69.
    private static final double ROUNDING = 0.19;

    @TempDir
    Path temp;

    private static String run(String... arguments) {
        var out = new StringWriter();
        var err = new StringWriter();
        assertThat(Main.run(arguments, new PrintWriter(out, true), new PrintWriter(err, true))).as(err.toString()).isZero();
        return out.toString();
    }

    @Test
    void itsCaptionsComeTrueAsOftenAsWhenItWasShipped() throws IOException {
        var seen = scores("--sets", "seen", "--prompts-per-kind", "16").get("seen");
        SEEN.forEach((kind, share) -> assertThat(seen.get(kind).asDouble()).as(kind).isGreaterThanOrEqualTo(share - ROUNDING));
    }

    private static JsonNode scores(String... options) throws IOException {
        var arguments = new ArrayList<>(List.of("eval", "--model", MODEL.toString(), "--json"));
        arguments.addAll(List.of(options));
        return new ObjectMapper().readTree(run(arguments.toArray(String[]::new))).get("blocks");
    }

    @Test
    void itFitsInTheRepository() throws IOException { assertThat(Files.size(MODEL.resolve(WEIGHTS))).isLessThan(8_000_000); }

    /// At rates so small that no weight moves by a bit.
    @Test
    void trainedOnAndExportedItIsTheSameInEveryByte() throws IOException {
        var out = temp.resolve("run");
        var arguments = new ArrayList<>(List.of("train", "../recipes/blocks.yaml", "--out", out.toString(),
                "--set", "weights.model=" + MODEL, "--set", "evaluation.prompts_per_kind=1", "--set", "evaluation.sets=[seen]"));
        for (var stage : List.of("text", "fuse", "refine", "finish", "polish")) {
            arguments.addAll(List.of("--set", "stages." + stage + ".steps=1", "--set", "stages." + stage + ".batch=2",
                    "--set", "stages." + stage + ".lr.llm=1e-30"));
            if (!stage.equals("refine")) arguments.addAll(List.of("--set", "stages." + stage + ".warm_up=0"));
            if (!stage.equals("text")) arguments.addAll(List.of("--set", "stages." + stage + ".lr.dit=1e-30"));
        }
        run(arguments.toArray(String[]::new));
        var exported = temp.resolve("exported");
        run("export", "--model", out.toString(), "--out", exported.toString(), "--weights", "raw", "--dtype", "bf16");
        assertThat(exported.resolve(WEIGHTS)).hasSameBinaryContentAs(MODEL.resolve(WEIGHTS));
    }
}
