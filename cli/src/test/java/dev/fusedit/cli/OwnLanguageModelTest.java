package dev.fusedit.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableSet;
import dev.fusedit.fusion.dit.FuseDiTConfig;
import dev.fusedit.fusion.llm.Family;
import dev.fusedit.fusion.llm.LanguageModelConfig;
import dev.fusedit.fusion.llm.RopeScaling;
import dev.fusedit.fusion.llm.Windows;
import dev.fusedit.fusion.text.WordTokenizer;
import dev.fusedit.nn.Activation;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.trainer.data.blocks.BlocksText;
import dev.fusedit.trainer.model.SavedModel;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/// A language model whose sizes no name tells, from its folder through plan, training, resuming, sampling and export.
@ExtendWith(NoTensorLeaks.class)
class OwnLanguageModelTest {
    private static final int LAYERS = 5;

    @TempDir
    private Path temp;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(Object... words) {
        return Main.run(java.util.Arrays.stream(words).map(Object::toString).toArray(String[]::new), new PrintWriter(out, true),
                new PrintWriter(err, true));
    }

    /// A Gemma 3 of sizes of its own, with windows in layers 0, 1 and 3.
    private Path folder(DType dtype) throws IOException {
        var words = WordTokenizer.of(BlocksText.words());
        var config =
                new LanguageModelConfig(new Family.Gemma3(8, new Windows(4, ImmutableSet.of(0, 1, 3)), 10_000, 0), words.size(), 24, 40,
                        LAYERS, 2, 1, 8, 1_000_000, RopeScaling.NONE, 1e-6, 0.2, false, Activation.GELU_TANH, true, 0, false);
        return LanguageModelFolder.write(temp.resolve("language-model"), config, dtype);
    }

    private List<Object> training(Path folder, Object... more) {
        var words = new ArrayList<Object>(List.of("tests/minimal", "--set", "model.llm={kind: pretrained, max_tokens: 16}", "--set",
                "weights.llm=" + folder, "--set", "model.read_layers=spread", "--set", "model.dit.layers=3", "--set", "model.dit.width=16",
                "--set",
                "stages=[{name: fuse, steps: 4, batch: 4, lr: {dit: 1e-3}, losses: {flow: {}}}]", "--set", "sampling.weights=raw"));
        words.addAll(List.of(more));
        return words;
    }

    private int command(String name, List<Object> words) {
        var all = new ArrayList<Object>(List.of(name));
        all.addAll(words);
        return run(all.toArray());
    }

    @Test
    void sizesAndLayersAreTheSameAllTheWay() throws IOException {
        var folder = folder(DType.BF16);
        assertThat(command("plan", training(folder, "--no-measure"))).as(err.toString()).isZero();
        assertThat(out.toString()).contains("(3 of 5 layers (0, 2, 4) of " + folder).contains("the text goes through all of them");
        var trained = temp.resolve("run");
        assertThat(command("train", training(folder, "--out", trained, "--max-steps", 2))).as(err.toString()).isZero();
        assertThat(trained.resolve("checkpoints/step-2/language_model.json")).exists();
        assertThat(command("train", training(folder, "--out", trained))).as(err.toString()).isZero();
        try (var saved = SavedModel.loadForSampling(trained, Optional.empty())) {
            var config = (FuseDiTConfig) saved.bundle().model().config();
            assertThat(config.readLayers()).containsExactly(0, 2, 4);
            assertThat(config.text().family().windows().layers()).containsExactly(0, 1, 3);
            var weight = saved.bundle().weights().parameter("llm.layers.1.mlp.up_proj.weight").master();
            assertThat(weight.dtype()).as("held as its file has it").isEqualTo(DType.BF16);
        }
        assertThat(run("sample", "--model", trained, "--prompt", "a red circle", "--out", temp.resolve("a.png"))).as(err.toString())
                .isZero();
        var exported = temp.resolve("exported");
        assertThat(run("export", "--model", trained, "--out", exported)).as(err.toString()).isZero();
        assertThat(Files.readString(exported.resolve("transformer/config.json")).replaceAll("\\s", "")).contains("\"read_layers\":[0,2,4]");
        assertThat(out.toString() + err).contains("field 'read_layers'");
        assertThat(exported.resolve("tokenizer/tokenizer.json")).hasSameBinaryContentAs(folder.resolve("tokenizer.json"));
        assertThat(exported.resolve("tokenizer/tokenizer_config.json")).content().contains("\"bos_token\" : \"<bos>\"",
                "\"eos_token\" : \"<eos>\"", "\"pad_token\" : \"<pad>\"", "PreTrainedTokenizerFast");
        assertThat(run("sample", "--model", exported, "--prompt", "a red circle", "--out", temp.resolve("b.png"))).as(err.toString())
                .isZero();
        assertThat(temp.resolve("b.png")).hasSameBinaryContentAs(temp.resolve("a.png"));
    }

    @Test
    void anExportKeepsWhatStandsAroundAPrompt() throws IOException {
        var folder = folder(DType.F32);
        var trained = temp.resolve("run");
        assertThat(command("train", training(folder, "--out", trained, "--set", "model.llm.instruction='two circles '"))).as(err.toString())
                .isZero();
        var exported = temp.resolve("exported");
        assertThat(run("export", "--model", trained, "--out", exported)).as(err.toString()).isZero();
        assertThat(err.toString()).contains("what the model reads around a prompt ('two circles ')");
        for (var model : List.of(trained, exported)) {
            assertThat(run("sample", "--model", model, "--prompt", "a red circle", "--out", model + ".png")).as(err.toString()).isZero();
        }
        assertThat(temp.resolve("exported.png")).hasSameBinaryContentAs(temp.resolve("run.png"));
        assertThat(exported.resolve("model_index.json")).content().contains("\"instruction\" : \"two circles \"");
    }

    /// What is held in bf16 takes no part in how the image side learns: the same run as over the same numbers in f32.
    @Test
    void aRunOverABf16FileIsThatOverItsNumbers() throws IOException {
        var narrow = folder(DType.BF16);
        assertThat(command("train", training(narrow, "--out", temp.resolve("held")))).as(err.toString()).isZero();
        assertThat(command("train", training(narrow, "--out", temp.resolve("wide"), "--set", "weights.llm_dtype=run"))).isZero();
        assertThat(temp.resolve("held/checkpoints/step-4/model.safetensors"))
                .hasSameBinaryContentAs(temp.resolve("wide/checkpoints/step-4/model.safetensors"));
    }

    @Test
    void whatIsNotKnownIsRefusedByItsName() throws IOException {
        var folder = folder(DType.F32);
        var config = folder.resolve("config.json");
        Files.writeString(config, Files.readString(config).replace("gemma3_text", "mamba"));
        assertThat(command("plan", training(folder, "--no-measure"))).isEqualTo(2);
        assertThat(err.toString()).contains("model_type must be one of gemma, gemma2, gemma3, gemma3_text, paligemma, llama, qwen3")
                .contains("mamba").doesNotContain("Exception");
        Files.delete(config);
        assertThat(command("plan", training(temp.resolve("nowhere"), "--no-measure"))).isEqualTo(2);
        assertThat(err.toString()).contains("is not there. model.llm has no name, so its sizes are read from it");
    }
}
