package dev.fusedit.trainer.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.fusion.flow.FlowMatchScheduler;
import dev.fusedit.fusion.flow.LossWeighting;
import dev.fusedit.fusion.flow.Prediction;
import dev.fusedit.fusion.flow.SchedulerConfigs;
import dev.fusedit.fusion.flow.TimeDensity;
import dev.fusedit.fusion.llm.KnownLanguageModels;
import dev.fusedit.fusion.llm.LanguageConfigs;
import dev.fusedit.fusion.vae.AutoencoderConfig;
import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The reference's configurations are described here as the fields of one, and what each other changes.
class ReferenceRecipeTest {
    private static final String SD3 = "stabilityai/stable-diffusion-3-medium-diffusers";
    private static final String CC12M = "../output/cc12m-recaptioned/cc12m-train-{0000..2175}.tar";
    private static final String GONE = "-";

    /// field, value
    private static final List<String> BASELINE = List.of("trainer.cache_dir ../.cache/torch_xla",
            "trainer.checkpoint_dir ../output/512-Gemma-AdaLN-Zero-APE", "trainer.checkpointing_steps 5000",
            "trainer.consolidation_steps 50000",
            "trainer.enable_gradient_checkpointing false", "trainer.gradient_accumulation_steps 1", "trainer.gradient_clipping 1.0",
            "trainer.hard_skip_resume false", "trainer.logging_steps 100", "trainer.logit_mean 0.0", "trainer.logit_std 1.0",
            "trainer.max_steps 500_000", "trainer.mixed_precision bf16", "trainer.mode_scale 1.29", "trainer.precondition_outputs false",
            "trainer.project FuseDiT", "trainer.resume_from null", "trainer.run 512-Gemma-AdaLN-Zero-APE", "trainer.seed 42",
            "trainer.train_dit true", "trainer.train_llm false", "trainer.weighting_scheme logit_normal", "model.attention self",
            "model.base google/gemma-2b", "model.dit_num_hidden_layers 18", "model.encoder_type llm", "model.name FuseDiT",
            "model.patch_size 2",
            "model.pos_embed ape", "model.qk_norm true", "model.sandwich_norm false", "model.shared_attention_layers all",
            "model.timestep_conditioning adaln-zero", "ema.decay 0.99", "ema.update_steps 100", "vae.pretrained_model_name_or_path " + SD3,
            "vae.subfolder vae", "noise_scheduler.pretrained_model_name_or_path " + SD3, "noise_scheduler.subfolder scheduler",
            "optimizer.lr 1e-4", "optimizer.weight_decay 1e-4", "lr_scheduler.name constant", "lr_scheduler.num_warmup_steps 0",
            "data.apply_chat_template false", "data.batch_size 16", "data.caption_column.original original_caption.txt",
            "data.caption_column.synthetic synthetic_caption.txt", "data.center_crop true", "data.dataloader_num_workers 32",
            "data.data_path '" + CC12M + "'", "data.device_prefetch_size 64", "data.image_column image.jpg", "data.instruction ''",
            "data.loader_prefetch_size 64", "data.max_prompt_length 256", "data.original_caption_rate 0.0", "data.random_dropping_rate 0.1",
            "data.resolution 512", "data.tokenizer google/gemma-2b");

    private static Map<String, String> changed(String... changes) {
        var fields = new LinkedHashMap<String, String>();
        for (var line : BASELINE) put(fields, line);
        for (var line : changes) put(fields, line);
        return fields;
    }

    private static void put(Map<String, String> fields, String line) {
        int space = line.indexOf(' ');
        if (line.endsWith(" " + GONE)) fields.remove(line.substring(0, space));
        else fields.put(line.substring(0, space), line.substring(space + 1));
    }

    private static String[] named(String name, String... more) {
        var all = new String[more.length + 2];
        all[0] = "trainer.checkpoint_dir ../output/" + name;
        all[1] = "trainer.run " + name;
        System.arraycopy(more, 0, all, 2, more.length);
        return all;
    }

    private static String[] baseline(String name, String attention, String... more) {
        var same = List.of("trainer.train_dit -", "trainer.train_llm -", "model.shared_attention_layers -", "model.name DiT",
                "model.text_hidden_states_index -1", "model.attention " + attention);
        return named(name, java.util.stream.Stream.concat(same.stream(), java.util.Arrays.stream(more)).toArray(String[]::new));
    }

    private static String[] llm(String name, String base, String... more) {
        var same = List.of("model.base " + base, "data.tokenizer " + base);
        return named(name, java.util.stream.Stream.concat(same.stream(), java.util.Arrays.stream(more)).toArray(String[]::new));
    }

    /// Our name, and what that file has otherwise than the baseline.
    private static final Map<String, String[]> FILES = Map.ofEntries(
            Map.entry("baseline", new String[0]),
            Map.entry("1d-rope", named("512-Gemma-AdaLN-Zero-1D-RoPE", "model.pos_embed 1d-rope")),
            Map.entry("2d-rope", named("512-Gemma-AdaLN-Zero-2D-RoPE", "model.pos_embed 2d-rope")),
            Map.entry("m-rope", named("512-Gemma-AdaLN-Zero-M-RoPE", "model.pos_embed m-rope")),
            Map.entry("adaln-single", named("512-Gemma-AdaLN-Single-APE", "model.timestep_conditioning adaln-single")),
            Map.entry("addition", named("512-Gemma-Addition-APE", "model.timestep_conditioning addition")),
            Map.entry("no-temb", named("512-Gemma-No-Temb-APE", "model.timestep_conditioning null")),
            Map.entry("clip-mod",
                    named("512-Gemma-AdaLN-Zero-APE-CLIP-Mod", "model.encoder_type clip-llm", "model.text_modulation_embeds_dim 768",
                            "clip_l.pretrained_model_name_or_path " + SD3, "clip_l.subfolder text_encoder", "data.tokenizer -",
                            "data.tokenizer.clip.pretrained_model_name_or_path " + SD3, "data.tokenizer.clip.subfolder tokenizer",
                            "data.tokenizer.llm google/gemma-2b")),
            Map.entry("cross-attention", named("512-Gemma-Causal-AdaLN-Zero-APE-Cross-Attention", "model.attention cross")),
            Map.entry("gemma-2",
                    llm("512-Gemma-2-AdaLN-Zero-APE", "google/gemma-2-2b", "model.dit_num_hidden_layers 26", "model.sandwich_norm true")),
            Map.entry("gemma-it", llm("512-Gemma-IT-AdaLN-Zero-APE", "google/gemma-2b-it")),
            Map.entry("gemma-it-instruction",
                    llm("512-Gemma-IT-AdaLN-Zero-APE-Instruction", "google/gemma-2b-it", "data.instruction 'Imagine: '")),
            Map.entry("paligemma", llm("512-PaliGemma-AdaLNZero-APE", "google/paligemma-3b-pt-448")),
            Map.entry("hidden-size-1280", named("512-Gemma-AdaLN-Zero-APE-Hidden-Size-1280", "model.dit_hidden_size 1280")),
            Map.entry("hidden-size-1536", named("512-Gemma-AdaLN-Zero-APE-Hidden-Size-1536", "model.dit_hidden_size 1536")),
            Map.entry("hidden-size-1792", named("512-Gemma-AdaLN-Zero-APE-Hidden-Size-1792", "model.dit_hidden_size 1792")),
            Map.entry("layers-10", named("512-Gemma-AdaLN-Zero-APE-Layers-10", "trainer.run 512-Gemma-Causal-AdaLN-Zero-APE-Layers-10",
                    "model.dit_num_hidden_layers 10", "model.initial_layers 4",
                    "model.shared_attention_layers [4, 5, 6, 7, 8, 9, 10, 11, 12, 13]")),
            Map.entry("layers-14", named("512-Gemma-AdaLN-Zero-APE-Layers-14", "model.dit_num_hidden_layers 14", "model.initial_layers 2",
                    "model.shared_attention_layers [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]")),
            Map.entry("large-scale", llm("512-Gemma-2-No-Temb-2D-RoPE-Large-Scale", "google/gemma-2-2b",
                    "trainer.run ../output/512-Gemma-2-No-Temb-2D-RoPE-Large-Scale", "trainer.max_steps 1_000_000",
                    "model.dit_num_hidden_layers 26",
                    "model.sandwich_norm true", "model.pos_embed 2d-rope", "model.timestep_conditioning null", "data.data_path '" + CC12M
                            + "::../output/sa1b/sa1b-train-{0000..1109}.tar::../output/journeydb/journeydb-train-{000..199}.tar'")),
            Map.entry("shallow-self-attention", baseline("512-Baseline-Self-Attention", "self")),
            Map.entry("shallow-cross-attention", baseline("512-Baseline-Cross-Attention", "cross", "trainer.validation_steps null")));

    /// Fields with dots, as YAML with blocks.
    private static String yaml(Map<String, String> fields) {
        var text = new StringBuilder();
        var open = new TreeSet<String>();
        var sorted = fields.keySet().stream().sorted().toList();
        for (var field : sorted) {
            var keys = field.split("\\.");
            var path = new StringBuilder();
            for (int i = 0; i < keys.length; i++) {
                path.append(i == 0 ? "" : ".").append(keys[i]);
                boolean last = i == keys.length - 1;
                if (last || open.add(path.toString()))
                    text.append("  ".repeat(i)).append(keys[i]).append(": ").append(last ? fields.get(field) : "").append('\n');
            }
        }
        return text.toString();
    }

    /// Some of the paper's files.
    static Stream<String> yamls() {
        return Stream.of("baseline", "clip-mod", "large-scale", "shallow-cross-attention").map(name -> yaml(changed(FILES.get(name))));
    }

    private static ReferenceRecipe read(String... changes) { return ReferenceRecipe.parse(yaml(changed(changes)), "c.yaml", List.of()); }

    @Test
    void everyFileOfTheReferenceIsARecipeOfOurs() {
        assertThat(FILES).hasSize(21);
        FILES.forEach((name, changes) -> assertThat(read(changes).recipe()).as(name).isEqualTo(Recipe.find("paper/" + name, List.of())));
        assertThat(Recipes.names().stream().filter(name -> name.startsWith("paper/"))).hasSize(21);
    }

    @Test
    void settingsChangeTheRecipeThatTheFileBecomes() {
        var read = ReferenceRecipe.parse(yaml(changed()), "c.yaml", List.of("stages.train.batch=512", "run.device=cpu"));
        assertThat(read.recipe().stages().getFirst().batch()).isEqualTo(512);
        assertThat(read.recipe().run().device()).isEqualTo(Run.Device.CPU);
    }

    @Test
    void notesNameWhatHasNoCounterpart() {
        assertThat(read().notes()).anyMatch(note -> note.startsWith("trainer.cache_dir has no counterpart"))
                .anyMatch(note -> note.startsWith("trainer.project")).anyMatch(note -> note.startsWith("data.device_prefetch_size"))
                .anyMatch(note -> note.startsWith("data.loader_prefetch_size")).anyMatch(note -> note.contains("trainer.mode_scale"))
                .anyMatch(note -> note.startsWith("data.batch_size is that of one process"));
        assertThat(read("trainer.cache_dir -").notes()).noneMatch(note -> note.contains("cache_dir"));
    }

    @Test
    void whatTheFilesNeverChangeIsMappedToo() {
        var stage = read("trainer.train_llm true", "trainer.gradient_accumulation_steps 4", "trainer.enable_gradient_checkpointing true",
                "trainer.precondition_outputs true", "trainer.weighting_scheme mode", "trainer.mode_scale 0.8", "lr_scheduler.name cosine",
                "lr_scheduler.num_warmup_steps 1000", "optimizer.betas [0.9, 0.95]", "optimizer.eps 1e-6").recipe().stages().getFirst();
        assertThat(stage.lr()).containsExactly(Map.entry("dit", 1e-4), Map.entry("llm", 1e-4));
        assertThat(stage.batch()).isEqualTo(64);
        assertThat(stage.accumulation()).isEqualTo(4);
        assertThat(stage.checkpointing()).isTrue();
        assertThat(stage.losses().flow()).isEqualTo(new Losses.Flow(1, new TimeDensity.Mode(0.8), 3, Model.Prediction.CLEAN,
                new LossWeighting.Uniform(), 0.05));
        assertThat(stage.schedule()).isEqualTo(new Schedule.Diffusers(Schedule.Diffusers.Kind.COSINE, null, 1, 1e-7, null));
        assertThat(stage.warmUp()).isEqualTo(1000);
        assertThat(stage.optimizer()).isEqualTo(new OptimizerRecipe.AdamW(List.of(0.9, 0.95), 1e-6, 1e-4, OptimizerRecipe.Decay.ALL));
        assertThat(read("trainer.logit_mean 0.5").recipe().stages().getFirst().losses().flow().time())
                .as("the reference's mean is of the image's share").isEqualTo(new TimeDensity.LogitNormal(-0.5, 1));
        var plain = read("ema.update_steps null", "trainer.mixed_precision null", "data.original_caption_rate 0.25").recipe();
        assertThat(plain.stages().getFirst().ema()).isNull();
        assertThat(plain.sampling().weights()).isEqualTo(Sampling.Weights.RAW);
        assertThat(plain.run().precision()).isEqualTo(Run.Precision.F32);
        assertThat(((Data.WebDataset) plain.data()).captions()).extracting(Data.CaptionField::share).containsExactly(0.25, 0.75);
    }

    /// change | line and message
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', value = {
        "trainer.shuffle 7 | unknown key 'shuffle' in 'trainer' of the reference's configuration",
        "trainer.max_step 7 | Did you mean 'max_steps'?",
        "trainer.max_steps many | 'max_steps' in 'trainer' of the reference's configuration must be a whole number, but is 'many'",
        "trainer.hard_skip_resume true | 'hard_skip_resume' in 'trainer' of the reference's configuration must be false",
        "trainer.resume_from latest | 'resume_from' in 'trainer' of the reference's configuration must be null",
        "trainer.validation_steps 100 | 'validation_steps' in 'trainer' of the reference's configuration must be null",
        "trainer.mixed_precision fp16 | must be one of bf16, no, but is 'fp16'",
        "trainer.weighting_scheme cosine | must be one of none, logit_normal, mode, sigma_sqrt, cosmap, but is 'cosine'",
        "model.base google/gemma-7b | 'base' in 'model' of the reference's configuration must be a name that is known here, but is 'google/gemma-7b'. Did you mean 'google/gemma-2b'?",
        "model.pos_embed 3d-rope | must be one of ape, 1d-rope, 2d-rope, m-rope, but is '3d-rope'",
        "model.text_hidden_states_index -1 | must be left out: the model 'FuseDiT' reads every layer",
        "model.encoder_type clip-llm | 'model.encoder_type' in the reference's configuration must be llm without a clip_l, but is clip-llm",
        "model.text_modulation_embeds_dim 768 | must be left out without a clip_l",
        "vae.subfolder text | 'vae.subfolder' in the reference's configuration must be vae, but is text",
        "noise_scheduler.pretrained_model_name_or_path x/y | must be a name that is known here, but is 'x/y'",
        "data.tokenizer google/gemma-2-2b | 'data.tokenizer' in the reference's configuration must be that of model.base, 'google/gemma-2b'",
        "data.apply_chat_template true | 'add_generation_prompt' in 'data' of the reference's configuration must be true with apply_chat_template",
        "lr_scheduler.num_warmup_steps 10 | must be 0 with 'constant', which has no warm-up, but is 10",
        "lr_scheduler.name inverse | must be one of constant, constant_with_warmup, piecewise_constant, linear, cosine, cosine_with_restarts, polynomial, but is 'inverse'",
        "optimizer.amsgrad true | unknown key 'amsgrad' in 'optimizer' of the reference's configuration",
        "trainer.train_dit - | 'trainer.train_dit' in the reference's configuration must be given, and so must train_llm",
        "data.resolution 500 | as a recipe, model.dit.patch must divide the images' side of 500 pixels"})
    void whatHasNoMeaningHereIsRefusedAtItsLine(String change, String message) {
        assertThatThrownBy(() -> read(change)).isInstanceOf(UserError.class).hasMessageStartingWith("reference config c.yaml")
                .hasMessageContaining(message);
    }

    @Test
    void partsMayBeFoldersOfThisMachine(@TempDir Path temp) throws IOException {
        var pipeline = temp.resolve("sd3");
        var llm = Files.createDirectories(temp.resolve("llm"));
        Files.writeString(llm.resolve("config.json"), LanguageConfigs.json(KnownLanguageModels.find("google/gemma-3-270m").orElseThrow())
                .put("num_hidden_layers", 18).toString());
        Files.writeString(Files.createDirectories(pipeline.resolve("vae")).resolve("config.json"),
                AutoencoderConfig.sd3().json().put("sample_size", 512).toString());
        Files.writeString(Files.createDirectories(pipeline.resolve("scheduler")).resolve("scheduler_config.json"),
                SchedulerConfigs.json(FlowMatchScheduler.shifted(5), new Prediction.Velocity()).toString());
        var read = read("model.base " + llm, "data.tokenizer " + llm, "model.text_hidden_size 640",
                "vae.pretrained_model_name_or_path " + pipeline, "noise_scheduler.pretrained_model_name_or_path " + pipeline).recipe();
        assertThat(read.weights().llm()).isEqualTo(llm.toString());
        assertThat(read.weights().vae()).isEqualTo(pipeline.resolve("vae").toString());
        assertThat(read.weights().tokenizer()).isNull();
        assertThat(((LanguageModelRecipe.Pretrained) read.model().llm()).name()).isNull();
        assertThat(read.model().vae()).as("that of those sizes").isEqualTo(SD3);
        assertThat(read.sampling().shift()).isEqualTo(5);
        assertThat(read("data.tokenizer " + llm).recipe().weights().tokenizer()).isEqualTo(llm.toString());
        assertThatThrownBy(() -> read("model.base " + llm, "data.tokenizer " + llm, "model.text_hidden_size 2048"))
                .hasMessageContaining("'text_hidden_size' in 'model'").hasMessageContaining("must be the 640 that " + llm);
        var other = pipeline.resolve("vae/config.json");
        Files.writeString(other, AutoencoderConfig.sd3().json().put("scaling_factor", 0.13).toString());
        assertThatThrownBy(() -> read("vae.pretrained_model_name_or_path " + pipeline))
                .hasMessageContaining("must be a folder with the sizes of one of " + SD3).hasMessageContaining(other + " has others");
        Files.delete(other);
        assertThatThrownBy(() -> read("vae.pretrained_model_name_or_path " + pipeline)).isInstanceOf(UserError.class)
                .hasMessageContaining(other.toString());
    }

    @Test
    void mistakesHaveTheirLine() {
        var text = yaml(changed("trainer.max_steps soon"));
        int line = text.lines().toList().indexOf("  max_steps: soon") + 1;
        assertThatThrownBy(() -> ReferenceRecipe.parse(text, "c.yaml", List.of()))
                .hasMessageStartingWith("reference config c.yaml:" + line + ": ");
    }
}
