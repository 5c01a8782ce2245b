package dev.fusedit.fusion.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fusedit.fusion.Goldens;
import dev.fusedit.fusion.text.SubwordTokenizer;
import dev.fusedit.fusion.text.Tokenizer;
import dev.fusedit.fusion.text.WordTokenizer;
import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.FileInfo;
import dev.fusedit.torch.io.FolderTensors;
import dev.fusedit.torch.io.SafeTensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(NoTensorLeaks.class)
class PipelineFolderTest {
    private static final JsonMapper JSON = new JsonMapper();
    private static final int SHARD = 40_000;

    /// What is written stays there, for `pipelines.py` to load in Python.
    static final Path WRITTEN = Path.of("target", "pipelines");

    private static JsonNode json(Path file) throws IOException { return JSON.readTree(file.toFile()); }

    /// A golden case laid out as the paper's scripts save a pipeline.
    private static Path published(String name, Path folder) throws IOException {
        var golden = Goldens.folder("pipeline/" + name);
        var config = json(golden.resolve("config.json"));
        part(folder.resolve("transformer"), config.get("transformer"), golden.resolve("weights.safetensors"), "model.safetensors");
        var vae = Goldens.folder("pipeline/vae");
        part(folder.resolve("vae"), json(vae.resolve("config.json")), vae.resolve("weights.safetensors"),
                "diffusion_pytorch_model.safetensors");
        if (Files.exists(golden.resolve("llm.safetensors"))) {
            part(folder.resolve("llm"), config.at("/transformer/base_config"), golden.resolve("llm.safetensors"), "model.safetensors");
        }
        if (Files.exists(golden.resolve("clip.safetensors"))) {
            part(folder.resolve("clip"), config.get("clip"), golden.resolve("clip.safetensors"), "model.safetensors");
        }
        Files.createDirectories(folder.resolve("scheduler"));
        Files.writeString(folder.resolve("scheduler/scheduler_config.json"), config.get("scheduler").toString());
        Files.writeString(folder.resolve("model_index.json"), "{}");
        return folder;
    }

    private static void part(Path folder, JsonNode config, Path weights, String name) throws IOException {
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("config.json"), config.toString());
        Files.copy(weights, folder.resolve(name));
    }

    // ---- the cases' own tokenizers

    private static Tokenizer words() throws IOException {
        var words = new ArrayList<String>();
        json(Goldens.folder("pipeline/tokenizer.json")).get("words").forEach(word -> words.add(word.textValue()));
        return (text, longest) -> {
            var ids = new ArrayList<>(List.of(2));
            Arrays.stream(text.strip().split("\\s+")).filter(word -> !word.isEmpty()).forEach(word -> ids.add(3 + words.indexOf(word)));
            return ids.stream().limit(longest).mapToInt(Integer::intValue).toArray();
        };
    }

    private static Tokenizer clipWords(SafeTensors golden, JsonNode run) {
        var rows = run.get("rows").valueStream().map(JsonNode::textValue).toList();
        return (text, _) -> {
            try (var _ = TensorScope.open()) {
                return Arrays.stream(golden.read("nocache.clip_input_ids").select(0, rows.indexOf(text)).contiguous().toLongs())
                        .mapToInt(Math::toIntExact).toArray();
            }
        };
    }

    private static ImageRequest request(JsonNode run, Tensor noise) {
        var prompts = run.get("prompts").valueStream().map(JsonNode::textValue).toArray(String[]::new);
        return ImageRequest.of(run.at("/size/0").asInt(), run.at("/size/1").asInt(), prompts).negative(run.at("/rows/0").textValue())
                .each(run.path("npp").asInt(1)).steps(run.get("steps").asInt()).guidance(run.get("guidance").asDouble())
                .longest(run.get("max_len").asInt()).latents(noise);
    }

    @ParameterizedTest
    @ValueSource(strings = {"fuse_gemma_ape", "fuse_gemma2_2drope", "fuse_gemma_clip", "dit_cross_ape"})
    void whatIsWrittenAndReadGeneratesTheGoldenImages(String name, @TempDir Path folder) throws IOException {
        var golden = Goldens.folder("pipeline/" + name);
        var run = json(golden.resolve("config.json")).get("runs").get("");
        var target = WRITTEN.resolve(name);
        try (var _ = TensorScope.open();
                var io = SafeTensors.open(golden.resolve("io.safetensors"));
                var first = PipelineFolder.read(published(name, folder), DTypePolicy.F32, words(), clipWords(io, run))) {
            var request = request(run, io.read("initial_latents"));
            var pixels = first.pipeline().generate(request).pixels_B3HW();
            assertThat(pixels.allClose(io.read("nocache.image01"), 1e-4, 1e-4)).isTrue();
            PipelineFolder.write(target, first, SHARD);
            assertThat(target.resolve("transformer/model.safetensors.index.json")).exists();
            try (var again = PipelineFolder.read(target, DTypePolicy.F32, words(), clipWords(io, run))) {
                assertThat(again.pipeline().model().dit().config()).isEqualTo(first.pipeline().model().dit().config());
                assertThat(again.pipeline().space().channels()).isEqualTo(first.pipeline().space().channels());
                assertThat(again.pipeline().generate(request).pixels_B3HW().sameValues(pixels)).isTrue();
            }
        }
    }

    /// What `saved_pipelines.py` had the paper's own classes save.
    @ParameterizedTest
    @CsvSource({"fuse-dit, fuse_gemma_ape", "fuse-dit-clip, fuse_gemma_clip", "baseline-dit, dit_cross_ape"})
    void thePapersSavedPipelinesGenerateTheGoldenImages(String saved, String name) throws IOException {
        var golden = Goldens.folder("pipeline/" + name);
        var run = json(golden.resolve("config.json")).get("runs").get("");
        var folder = Goldens.beside("saved_pipelines/" + saved);
        try (var _ = TensorScope.open();
                var io = SafeTensors.open(golden.resolve("io.safetensors"));
                var pipeline = new PipelineReader(folder, own -> own).read(words(), clipWords(io, run))) {
            assertThat(pipeline.pipeline().generate(request(run, io.read("initial_latents"))).pixels_B3HW()
                    .allClose(io.read("nocache.image01"), 1e-4, 1e-4)).isTrue();
            var sampleSize = json(folder.resolve("transformer/config.json")).get("sample_size").asInt();
            int side = sampleSize * pipeline.pipeline().space().factor();
            assertThat(pipeline.defaults()).isEqualTo(SamplingSettings.usual(side, side));
            assertThat(pipeline.weights().get("transformer").policy()).isEqualTo(DTypePolicy.F32);
            assertThat(PipelineNotes.of(pipeline).limits()).as("all of it is Python's own").isEmpty();
        }
    }

    @Test
    void aPipelineInBf16IsReadInBf16(@TempDir Path folder) throws IOException {
        try (var first = PipelineFolder.read(published("fuse_gemma_ape", folder.resolve("a")), DTypePolicy.F32, words(), null)) {
            PipelineFolder.writeNew(folder.resolve("b"), first, DType.BF16);
            PipelineFolder.writeNew(folder.resolve("c"), first, null);
        }
        compute(folder.resolve("b"), null);
        compute(folder.resolve("c"), "bf16");
        DTypePolicy stored = policy(folder.resolve("b")), mixed = policy(folder.resolve("c"));
        assertThat(stored).isEqualTo(new DTypePolicy(DType.BF16, DType.BF16, Device.CPU));
        assertThat(mixed).isEqualTo(DTypePolicy.MIXED);
        compute(folder.resolve("c"), "f8");
        assertThatThrownBy(() -> new PipelineReader(folder.resolve("c"), own -> own)).isInstanceOf(UserError.class)
                .hasMessageContaining("compute must be one of f32, bf16");
    }

    @Test
    void bothNamesOfTheStoredDtypeCount(@TempDir Path folder) throws IOException {
        try (var first = PipelineFolder.read(published("fuse_gemma_ape", folder.resolve("a")), DTypePolicy.F32, words(), null)) {
            PipelineFolder.writeNew(folder.resolve("b"), first, DType.BF16);
        }
        compute(folder.resolve("b"), null);
        var file = folder.resolve("b/transformer/config.json");
        var config = (ObjectNode) json(file);
        config.remove("torch_dtype");
        Files.writeString(file, config.put("dtype", "bfloat16").toString());
        assertThat(policy(folder.resolve("b"))).isEqualTo(new DTypePolicy(DType.BF16, DType.BF16, Device.CPU));
        Files.writeString(file, config.put("torch_dtype", "float32").toString());
        assertThatThrownBy(() -> policy(folder.resolve("b"))).isInstanceOf(UserError.class)
                .hasMessageContaining("config.json: dtype must agree with torch_dtype, got \"bfloat16\"");
        config.remove("torch_dtype");
        Files.writeString(file, config.put("dtype", "float8_e4m3fn").toString());
        assertThatThrownBy(() -> policy(folder.resolve("b"))).isInstanceOf(UserError.class).hasMessageContaining("dtype must be one of");
    }

    @Test
    void aBaselinesTwoDescriptionsOfItsTextMustAgree(@TempDir Path folder) throws IOException {
        published("dit_cross_ape", folder);
        var file = folder.resolve("llm/config.json");
        Files.writeString(file, ((ObjectNode) json(file)).put("rope_theta", 77.0).put("rms_norm_eps", 0.5).toString());
        assertThatThrownBy(() -> PipelineFolder.read(folder, DTypePolicy.F32, words(), null)).isInstanceOf(UserError.class)
                .hasMessageContaining(file.toString()).hasMessageContaining("rope_theta: 77.0 in the file, 10000.0 in")
                .hasMessageContaining("rms_norm_eps: 0.5");
    }

    /// What the index says that matrices are multiplied in; null for nothing.
    private static void compute(Path folder, @Nullable String dtype) throws IOException {
        var index = (ObjectNode) json(folder.resolve("model_index.json"));
        var ours = (ObjectNode) index.get("_fusedit");
        ours.remove("compute");
        if (dtype != null) {
            ours.put("compute", dtype);
        }
        Files.writeString(folder.resolve("model_index.json"), index.toString());
    }

    private static DTypePolicy policy(Path folder) throws IOException {
        try (var _ = TensorScope.open(); var pipeline = new PipelineReader(folder, own -> own).read(words(), null)) {
            assertThat(pipeline.pipeline().generate(pipeline.defaults().request(List.of("a cat")).steps(2)).pixels_B3HW().dtype())
                    .isEqualTo(DType.F32);
            return pipeline.weights().get("transformer").policy();
        }
    }

    @Test
    void wordsAreWrittenForTheLibraryAndReadBack(@TempDir Path folder) throws IOException {
        var words = WordTokenizer.of(List.of("a", "red", "top-left", "snake_case", "été"));
        try (var first = PipelineFolder.read(published("fuse_gemma_ape", folder), DTypePolicy.F32, words, null)) {
            PipelineFolder.write(WRITTEN.resolve("words"), first);
        }
        try (var again = PipelineFolder.read(WRITTEN.resolve("words"), DTypePolicy.F32)) {
            for (var text : List.of("", "A red, RED top-left.", "a snake_case Été 3 blue", "  a\nred  ")) {
                assertThat(again.pipeline().tokenizer().encode(text, 6)).as(text).isEqualTo(words.encode(text, 6));
            }
            PipelineFolder.write(folder.resolve("copy"), again);
            assertThat(folder.resolve("copy/tokenizer/tokenizer_config.json")).exists();
        }
    }

    @Test
    void partsAreCounted(@TempDir Path folder) throws IOException {
        try (var pipeline = PipelineFolder.read(published("dit_cross_ape", folder.resolve("a")), DTypePolicy.F32, words(), null)) {
            PipelineFolder.write(folder.resolve("b"), pipeline);
            try (var tensors = FolderTensors.open(folder.resolve("b"))) {
                assertThat(tensors.architecture()).isEqualTo("DiTPipeline (transformer DiT, llm GemmaModel, vae AutoencoderKL, "
                        + "scheduler FlowMatchEulerDiscreteScheduler)");
                assertThat(FileInfo.of(tensors).parts()).containsOnlyKeys("llm", "transformer", "vae");
            }
        }
    }

    /// As the paper's scripts save them: no `tokenizer.json`.
    @Test
    void slowClassesTokenizersAreReadAndKept(@TempDir Path folder) throws IOException {
        published("fuse_gemma_clip", folder);
        saved("gemma", folder.resolve("tokenizer"), "tokenizer.model", "tokenizer_config.json", "special_tokens_map.json");
        saved("clip", folder.resolve("clip_tokenizer"), "vocab.json", "merges.txt", "tokenizer_config.json");
        var target = folder.resolve("written");
        try (var first = PipelineFolder.read(folder, DTypePolicy.F32)) {
            assertThat(first.pipeline().tokenizer().encode("a cat")).containsExactly(2, 467, 316, 470);
            assertThat(first.pipeline().pooled().tokenizer().encode("a cat")).containsExactly(826, 320, 595, 827);
            PipelineFolder.write(target, first);
        }
        assertThat(json(target.resolve("model_index.json")).at("/tokenizer/1").textValue()).isEqualTo("GemmaTokenizer");
        assertThat(json(target.resolve("model_index.json")).at("/clip_tokenizer/1").textValue()).isEqualTo("CLIPTokenizer");
        assertThat(target.resolve("tokenizer/tokenizer.model")).hasSameBinaryContentAs(folder.resolve("tokenizer/tokenizer.model"));
    }

    private static void saved(String name, Path folder, String... files) throws IOException {
        Files.createDirectories(folder);
        for (var file : files) {
            try (var in = SubwordTokenizer.class.getResourceAsStream("slow/%s/%s".formatted(name, file))) {
                Files.copy(in, folder.resolve(file));
            }
        }
    }

    @Test
    void whatIsMissingIsSaid(@TempDir Path folder) throws IOException {
        assertThatThrownBy(() -> PipelineFolder.read(folder, DTypePolicy.F32)).isInstanceOf(UserError.class)
                .hasMessageContaining("no model_index.json");
        published("fuse_gemma_ape", folder);
        assertThatThrownBy(() -> PipelineFolder.read(folder, DTypePolicy.F32)).isInstanceOf(UserError.class)
                .hasMessageContaining("the pipeline's tokenizer is not there");
        refused(folder.resolve("scheduler/scheduler_config.json"), Map.of("use_beta_sigmas", "true"), "use_beta_sigmas must be");
        refused(folder.resolve("transformer/config.json"), Map.of("model_type", "\"SD3\""), "must be FuseDiT, DiT or MMDiT");
        Files.delete(folder.resolve("vae/diffusion_pytorch_model.safetensors"));
        assertThatThrownBy(() -> PipelineFolder.read(folder, DTypePolicy.F32)).isInstanceOf(UserError.class)
                .hasMessageContaining("vae: has no weights");
    }

    private static void refused(Path file, Map<String, String> changes, String message) throws IOException {
        var before = Files.readString(file);
        var changed = (ObjectNode) JSON.readTree(before);
        for (var change : changes.entrySet()) {
            changed.set(change.getKey(), JSON.readTree(change.getValue()));
        }
        Files.writeString(file, changed.toString());
        var folder = file.getParent().getParent();
        assertThatThrownBy(() -> PipelineFolder.read(folder, DTypePolicy.F32, words(), null)).isInstanceOf(UserError.class)
                .hasMessageContaining(message).hasMessageContaining(file.toString());
        Files.writeString(file, before);
    }
}
