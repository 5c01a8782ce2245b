package dev.fusedit.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.io.SafeTensors;
import java.util.List;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.api.io.TempDir;

class InfoCommandTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir
    private Path folder;

    private Path file;

    @BeforeEach
    void write() throws IOException {
        file = folder.resolve("some.bin");
        try (var _ = TensorScope.open()) {
            SafeTensors.write(file,
                    Map.of("dit.w", Tensor.of(new float[] {1, 2}), "dit.ids", Tensor.arange(3), "llm.w", Tensor.of(new float[1500])),
                    Map.of());
        }
    }

    private int run(Object... arguments) {
        var words = java.util.stream.Stream.concat(java.util.stream.Stream.of("info"),
                java.util.Arrays.stream(arguments).map(Object::toString));
        return Main.run(words.toArray(String[]::new), new PrintWriter(out, true), new PrintWriter(err, true));
    }

    @Test
    void jsonIsAsDocumented() {
        assertThat(run(file, "--json")).isEqualTo(ExitCode.OK);
        assertThat(out).hasToString("{\"kind\":\"safetensors\",\"parameters\":1505,\"parts\":{\"dit\":5,\"llm\":1500},\"tensors\":3,"
                + "\"dtypes\":{\"f32\":2,\"i64\":1}}\n");
    }

    @Test
    void hashIsAdded() throws IOException {
        assertThat(run(file, "--json", "--hash")).isEqualTo(ExitCode.OK);
        assertThat(new ObjectMapper().readTree(out.toString()).get("sha256").textValue()).matches("[0-9a-f]{64}");
    }

    @Test
    void textIsForPeople() {
        assertThat(run(file, "--tensors")).isEqualTo(ExitCode.OK);
        assertThat(out.toString().lines()).containsExactly(file + ": safetensors, 1,505 parameters in 3 tensors", "               5  dit",
                "           1,500  llm", "stored as f32 (2), i64 (1)", "dit.ids i64(3)", "dit.w f32(2)", "llm.w f32(1500)");
    }

    @Test
    void aModelsFolderTellsItsArchitectureAndHasItsFilesSum() throws IOException {
        Files.move(file, folder.resolve("model.safetensors"));
        Files.writeString(folder.resolve("config.json"), "{\"model_type\": \"FuseDiT\"}");
        assertThat(run(folder, "--json", "--hash")).isEqualTo(ExitCode.OK);
        assertThat(out.toString()).startsWith("{\"kind\":\"model\",\"architecture\":\"FuseDiT\",\"parameters\":1505,"
                + "\"parts\":{\"dit\":5,\"llm\":1500},\"tensors\":3,\"dtypes\":{\"f32\":2,\"i64\":1},\"sha256\":");
        var sum = new ObjectMapper().readTree(out.toString()).get("sha256");
        out.getBuffer().setLength(0);
        run(folder.resolve("model.safetensors"), "--json", "--hash");
        assertThat(new ObjectMapper().readTree(out.toString()).get("sha256")).isEqualTo(sum);
    }

    @Test
    void aPipelineTellsItsParts() throws IOException {
        var part = Files.createDirectories(folder.resolve("pipeline/transformer"));
        Files.createDirectories(folder.resolve("pipeline/scheduler"));
        Files.move(file, part.resolve("model.safetensors"));
        Files.writeString(part.resolve("config.json"), "{}");
        Files.writeString(folder.resolve("pipeline/model_index.json"), "{\"_class_name\": \"FuseDiTPipeline\", \"clip\": [null, null], "
                + "\"scheduler\": [\"diffusers\", \"Euler\"], \"transformer\": [\"diffusion.models\", \"FuseDiT\"]}");
        assertThat(run(folder.resolve("pipeline"))).isEqualTo(ExitCode.OK);
        assertThat(out.toString().lines()).contains("FuseDiTPipeline (scheduler Euler, transformer FuseDiT)",
                "           1,500  transformer.llm");
        Files.delete(part.resolve("model.safetensors"));
        assertThat(run(folder.resolve("pipeline"))).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(err.toString()).contains("transformer: has no weights");
    }

    @Test
    void aFolderOfNothingIsBadInput() throws IOException {
        assertThat(run(folder)).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(err.toString()).contains("holds no checkpoint", "it holds weights under other names (some.bin)");
        Files.delete(file);
        assertThat(run(folder)).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(err.toString()).contains("it holds nothing");
    }

    @Test
    void aFolderWithATokenizerOnlyIsCalledThat() throws IOException {
        Files.delete(file);
        Files.writeString(folder.resolve("tokenizer.json"), "{}");
        Files.writeString(folder.resolve("tokenizer_config.json"), "{}");
        assertThat(run(folder)).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(err).hasToString(folder + " holds no checkpoint, no config.json and no model_index.json; it holds a tokenizer "
                + "(tokenizer.json, tokenizer_config.json)\n");
    }

    @Test
    void aFolderTellsItsPointersAndCaches() throws IOException {
        Files.writeString(file, "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n");
        assertThat(run(folder)).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(err.toString()).contains("pointers that stand for files, of Git LFS or the like (run 'git lfs pull') (some.bin)");
        Files.createDirectories(folder.resolve("snapshots/0a1b"));
        assertThat(run(folder)).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(err.toString()).contains("a cache of Hugging Face's hub (give the folder in snapshots)");
    }

    @Test
    void whatIsNoFileOfTensorsIsCalledWhatItIs() throws IOException {
        for (var known : Map
                .of("version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer", "<!DOCTYPE html>\n", "a web page (HTML)",
                        "run:\n  name: x\n", "a YAML file", "GIF89a", "an image (GIF)")
                .entrySet()) {
            Files.writeString(file, known.getKey());
            assertThat(run(file)).isEqualTo(ExitCode.BAD_INPUT);
            assertThat(err.toString()).contains(file + ": is " + known.getValue());
        }
    }

    @Test
    void aTensorThatCannotBeLoadedIsListed() throws IOException {
        var header = "{\"w\":{\"dtype\":\"F8_E4M3\",\"shape\":[4],\"data_offsets\":[0,4]}}";
        Files.write(file, ByteBuffer.allocate(8 + header.length() + 4).order(ByteOrder.LITTLE_ENDIAN).putLong(header.length())
                .put(header.getBytes(StandardCharsets.US_ASCII)).array());
        assertThat(run(file, "--tensors")).isEqualTo(ExitCode.OK);
        assertThat(out.toString()).contains("4 parameters in 1 tensors", "stored as f8_e4m3 (1)", "w f8_e4m3(4)");
        assertThat(run(file, "--hash")).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(err.toString())
                .contains(file + ": tensor 'w' is stored as f8_e4m3, which is listed, but not loaded; take the model in BF16");
    }

    @Test
    void aPartOfAModelSaysThatItIsOne() throws IOException {
        var part = Files.move(file, folder.resolve("model-00001-of-00002.safetensors"));
        assertThat(run(part)).isEqualTo(ExitCode.OK);
        assertThat(out.toString()).contains("It is part 1 of 2 of a model. Give its folder, or the index, model.safetensors.index.json");
        assertThat(run(part, "--json")).isEqualTo(ExitCode.OK);
        assertThat(out.toString()).contains("\"incomplete\":\"is part 1 of 2");
    }

    @ParameterizedTest
    @CsvSource({"joint, FuseDiT", "shallow-cross, DiT", "dual-stream, MMDiT"})
    void aCheckpointTellsItsModel(String fusion, String type) throws IOException {
        var step = Files.createDirectories(folder.resolve("run/checkpoints/step-3"));
        Files.move(file, step.resolve("model.safetensors"));
        Files.writeString(step.resolve("manifest.json"), "{}");
        assertThat(run(folder.resolve("run"), "--json")).as("without its recipe").isEqualTo(ExitCode.BAD_INPUT);
        assertThat(err.toString()).contains("recipe.yaml");
        Files.writeString(step.resolve("recipe.yaml"), Recipe.find("tests/minimal", List.of("model.fusion=" + fusion)).canonical());
        assertThat(run(folder.resolve("run"), "--json")).isEqualTo(ExitCode.OK);
        assertThat(out.toString()).startsWith("{\"kind\":\"checkpoint\",\"architecture\":\"" + type + "\",\"parameters\":1505,");
    }

    @Test
    void adaptersAreTold() throws IOException {
        try (var _ = TensorScope.open()) {
            var lora = Tensor.of(new float[] {1, 2, 3});
            SafeTensors.write(file, Map.of("dit.w", lora, "llm.q_proj.weight", Tensor.of(new float[9]), "llm.q_proj.lora_A.weight", lora),
                    Map.of());
            assertThat(run(file, "--json")).isEqualTo(ExitCode.OK);
            assertThat(out.toString()).contains("\"parts\":{\"dit\":3,\"llm\":9,\"llm-adapter\":3}");
            SafeTensors.write(folder.resolve("adapter_model.safetensors"), Map.of("base_model.model.layers.0.q_proj.lora_A.weight", lora),
                    Map.of());
        }
        Files.writeString(folder.resolve("adapter_config.json"),
                "{\"peft_type\": \"LORA\", \"r\": 2, \"lora_alpha\": 4, \"target_modules\": [\"q_proj\", \"v_proj\"]}");
        assertThat(run(folder)).isEqualTo(ExitCode.OK);
        assertThat(out.toString()).contains(": adapter, 3 parameters in 1 tensors",
                "LORA: r 2, lora_alpha 4, target_modules q_proj, v_proj");
    }

    @Test
    void damageIsBadInput() throws IOException {
        Files.write(file, new byte[] {1, 2, 3});
        assertThat(run(file)).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(err.toString()).startsWith(file + ": is none of the formats that are read").doesNotContain("debug");
        assertThat(run(folder.resolve("absent.pt"))).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(err.toString()).endsWith("absent.pt: no such file\n");
    }
}
