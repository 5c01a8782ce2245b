package dev.fusedit.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `import`, and the forms of `export` that it reads.
class ImportCommandTest {
    private static final Path MODEL = Path.of("../examples/models/blocks");
    private static final Path SAVED = Path.of("../fusion/src/test/resources/saved_pipelines/fuse-dit/transformer/model.safetensors");

    @TempDir
    Path temp;

    private String out = "", err = "";

    private int run(Object... arguments) {
        var out = new StringWriter();
        var err = new StringWriter();
        var status = Main.run(Arrays.stream(arguments).map(Object::toString).toArray(String[]::new), new PrintWriter(out, true),
                new PrintWriter(err, true));
        this.out = out.toString();
        this.err = err.toString();
        return status;
    }

    private byte[] sampled(Path model) throws IOException {
        var image = temp.resolve(model.getFileName() + ".png");
        assertThat(run("sample", "--model", model, "--prompt", "a red circle", "--steps", 2, "--out", image, "--no-metadata")).as(err)
                .isZero();
        return Files.readAllBytes(image);
    }

    private String hash(Path model) throws IOException {
        assertThat(run("info", model.resolve("transformer"), "--hash", "--json")).as(err).isZero();
        return new ObjectMapper().readTree(out).get("sha256").textValue();
    }

    @Test
    void anExportedFileIsImportedAndSamplesTheSameImage() throws IOException {
        var exported = temp.resolve("exported");
        assertThat(run("export", "--model", MODEL, "--to", "safetensors", "--out", exported, "--json")).as(err).isZero();
        assertThat(new ObjectMapper().readTree(out)).isEqualTo(new ObjectMapper().createObjectNode().put("folder", exported.toString())
                .put("form", "safetensors").put("adapters", false));
        assertThat(run("info", exported)).isZero();
        assertThat(out).contains("FuseDiT");
        var file = exported.resolve("model.safetensors");
        for (var place : new Path[] {file, exported}) {
            assertThat(run("sample", "--model", place, "--prompt", "a", "--out", temp.resolve("none.png"))).isEqualTo(2);
            assertThat(err).contains("import " + place + " --out DIR").doesNotContain("\tat ");
            assertThat(run("eval", "--model", place)).isEqualTo(2);
            assertThat(err).contains("import " + place + " --out DIR");
        }
        var imported = temp.resolve("imported");
        assertThat(run("import", file, "--out", imported, "--json")).as(err).isZero();
        assertThat(new ObjectMapper().readTree(out).get("folder").textValue()).isEqualTo(imported.toString());
        assertThat(err).contains("weights: " + file, "tokenizer: " + exported);
        assertThat(run("info", imported)).isZero();
        assertThat(out).contains("PixelFuseDiTPipeline");
        assertThat(sampled(imported)).isEqualTo(sampled(MODEL));
        var half = temp.resolve("half");
        assertThat(run("import", file, "--out", half, "--dtype", "bf16")).as(err).isZero();
        assertThat(hash(half)).as("names, dtypes, shapes and bytes").isEqualTo(hash(MODEL));
        assertThat(run("import", file, "--out", imported)).isEqualTo(2);
        assertThat(err).contains("is not empty");
    }

    @Test
    void whatIsMissingIsToldWithItsOption() {
        assertThat(run("import", SAVED, "--out", temp.resolve("out"))).isEqualTo(2);
        assertThat(err).contains("--vae PLACE", "--tokenizer PLACE").doesNotContain("\tat ");
        assertThat(temp.resolve("out")).doesNotExist();
        assertThat(run("import", SAVED, "--out", temp.resolve("out"), "--recipe", "quickstart", "--config", "x")).isEqualTo(2);
        assertThat(run("import", SAVED, "--out", temp.resolve("out"), "--recipe", "quickstart")).isEqualTo(2);
        assertThat(err).contains("config.json is of another model");
    }

    @Test
    void adaptersAreWrittenByBothWords() {
        var trained = temp.resolve("run");
        assertThat(run("train", "tests/minimal", "--set", "model.adapters={llm: {rank: 2}}", "--out", trained)).as(err).isZero();
        assertThat(run("export", "--model", trained, "--out", temp.resolve("a"), "--to", "peft")).as(err).isZero();
        assertThat(run("export", "--model", trained, "--out", temp.resolve("b"), "--adapters")).as(err).isZero();
        assertThat(temp.resolve("a/llm/adapter_config.json")).content().contains("\"r\"");
        assertThat(temp.resolve("b/llm/adapter_model.safetensors")).hasSameBinaryContentAs(temp.resolve("a/llm/adapter_model.safetensors"));
    }

    @Test
    void theFormerWordForAdaptersIsKept() {
        assertThat(run("export", "--model", MODEL, "--out", temp.resolve("out"), "--adapters")).isEqualTo(2);
        assertThat(err).contains("Give the run that trained them");
        assertThat(run("export", "--model", MODEL, "--out", temp.resolve("out"), "--adapters", "--to", "reference")).isEqualTo(2);
        assertThat(err).contains("--adapters is --to peft");
        assertThat(run("export", "--model", MODEL, "--out", temp.resolve("out"), "--to", "reference")).isEqualTo(2);
        assertThat(err).contains("no vae/", "--to diffusers");
    }
}
