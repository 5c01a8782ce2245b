package dev.fusedit.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.recipe.Recipes;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecipeCommandTest {
    /// A configuration of the reference's, as short as it can be.
    static final String REFERENCE = """
            trainer: {checkpoint_dir: out, checkpointing_steps: 10, consolidation_steps: 100, logging_steps: 1, max_steps: 1_000, run: small,
              seed: 1, train_dit: true, train_llm: false}
            model: {attention: self, base: google/gemma-3-270m, dit_num_hidden_layers: 18, name: FuseDiT, patch_size: 2, pos_embed: 2d-rope,
              shared_attention_layers: all}
            ema: {update_steps: null}
            vae: {pretrained_model_name_or_path: stabilityai/stable-diffusion-3-medium-diffusers, subfolder: vae}
            noise_scheduler: {pretrained_model_name_or_path: stabilityai/stable-diffusion-3-medium-diffusers, subfolder: scheduler}
            optimizer: {lr: 1e-4}
            lr_scheduler: {name: constant}
            data: {batch_size: 4, caption_column: {original: a.txt, synthetic: b.txt}, dataloader_num_workers: 2, data_path: x.tar,
              image_column: jpg, instruction: '', max_prompt_length: 64, resolution: 256, tokenizer: google/gemma-3-270m}
            """;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir
    Path temp;

    private int run(String... args) { return Main.run(args, new PrintWriter(out, true), new PrintWriter(err, true)); }

    private String reference() throws IOException { return Files.writeString(temp.resolve("reference.yaml"), REFERENCE).toString(); }

    @Test
    void listNamesEveryRecipe() {
        assertThat(run("recipe", "list")).isZero();
        assertThat(out.toString()).contains(Recipes.names());
        assertThat(out.toString()).containsPattern("quickstart +Learns to generate images of captioned shapes .*\\.\\R");
    }

    @Test
    void showIsTheTextAsItIs() {
        assertThat(run("recipe", "show", "quickstart")).isZero();
        assertThat(out.toString().strip()).isEqualTo(Recipes.find("quickstart").text().strip());
    }

    @Test
    void showFullReadsBackAsTheRecipe() {
        assertThat(run("recipe", "show", "quickstart", "--full", "--set", "run.seed=7")).isZero();
        assertThat(Recipe.parse(out.toString(), "shown", List.of())).isEqualTo(Recipe.find("quickstart", List.of("run.seed=7")));
        assertThat(out.toString()).contains("accumulation: 1", "seed: 7");
    }

    @Test
    void showOfAChangedRecipeIsShortAndReadsBackAsWell() {
        assertThat(run("recipe", "show", "quickstart", "--set", "run.seed=7")).isZero();
        assertThat(Recipe.parse(out.toString(), "shown", List.of())).isEqualTo(Recipe.find("quickstart", List.of("run.seed=7")));
        assertThat(out.toString()).doesNotContain("accumulation");
    }

    @Test
    void checkSaysWhatIsWrongAndWhere() throws IOException {
        assertThat(run("recipe", "check", "quickstart")).isZero();
        assertThat(out.toString()).contains("text (150 steps), fuse (3000 steps), joint (100 steps)");
        var wrong = Files.writeString(temp.resolve("wrong.yaml"), Recipes.find("quickstart").text().replace("grad_clip", "grad_clap"));
        assertThat(run("recipe", "check", wrong.toString())).isEqualTo(2);
        assertThat(err.toString()).contains("wrong.yaml:", "unknown key 'grad_clap' in stage 'text'. Did you mean 'grad_clip'?");
    }

    @Test
    void checkSaysWhatCanOnlyBePlanned() {
        assertThat(run("recipe", "check", "paper/baseline")).isZero();
        assertThat(out.toString()).contains("It can be planned, but not trained here:",
                "data.shards: ../output/cc12m-recaptioned/cc12m-train-2175.tar: no such file or folder", "weights.tokenizer is not given",
                "weights.llm is not given");
        out.getBuffer().setLength(0);
        assertThat(run("recipe", "check", "quickstart")).isZero();
        assertThat(out.toString()).doesNotContain("planned");
        assertThat(run("recipe", "check", "blocks-teacher")).isZero();
    }

    @Test
    void checkSaysWhatIsThereInPlaceOfWhatIsWanted() throws IOException {
        var shards = Files.createDirectories(temp.resolve("shards"));
        Files.writeString(shards.resolve("a.txt"), "a");
        assertThat(run("recipe", "check", "paper/baseline", "--set", "data.shards=[" + shards + "]")).isEqualTo(2);
        assertThat(err.toString()).contains("data.shards: " + shards + ": holds no tar archive; it holds nothing of a model (a.txt)");
        var table = Files.writeString(temp.resolve("0007.parquet"), "PAR1....");
        assertThat(run("recipe", "check", "paper/baseline", "--set", "data.shards=['" + temp + "/{0007..0008}.parquet']", "--set",
                "weights.llm=" + table, "--set", "weights.vae=" + temp, "--set", "weights.tokenizer=" + table)).isEqualTo(2);
        assertThat(err.toString()).contains("data.shards: " + table + ": is a Parquet table, not a tar archive",
                "weights.llm: " + table + ": is a Parquet table, not a GGUF file or a folder",
                "weights.vae: " + temp + " has no config.json, a model's folder is wanted; it holds",
                "weights.tokenizer: " + table + ": is a Parquet table, not a tokenizer.json");
    }

    @Test
    void allErrorsAreToldAtOnce() throws IOException {
        var wrong = Files.writeString(temp.resolve("wrong.yaml"), Recipes.find("quickstart").text().replace("grad_clip", "grad_clap")
                .replace("steps: 3000", "steps: 3e3"));
        assertThat(run("recipe", "check", wrong.toString(), "--set", "run.precision=fp16")).isEqualTo(2);
        assertThat(err.toString()).contains("Did you mean 'grad_clip'?", "but is '3e3' (write 3000)",
                "--set run.precision=fp16: unknown value");
    }

    @Test
    void schemaIsJson() throws IOException {
        assertThat(run("recipe", "schema")).isZero();
        assertThat(new ObjectMapper().readTree(out.toString()).at("/$defs/Stage/properties/batch").isObject()).isTrue();
    }

    @Test
    void recipeAloneIsBadUsage() {
        assertThat(run("recipe")).isEqualTo(2);
        assertThat(err.toString()).contains("Usage: fusedit recipe", "schema");
        assertThat(run("recipe", "show")).isEqualTo(2);
        assertThat(run("recipe", "show", "quickstart", "--reference-config", "x.yaml")).isEqualTo(2);
    }

    @Test
    void aFileOfTheReferenceIsShownAsARecipe() throws IOException {
        assertThat(run("recipe", "show", "--reference-config", reference(), "--set", "run.device=cpu")).isZero();
        var recipe = Recipe.parse(out.toString(), "shown", List.of());
        assertThat(recipe.stages().getFirst().steps()).isEqualTo(1000);
        assertThat(err.toString()).contains("note: data.batch_size is that of one process there").doesNotContain("cache_dir");
    }

    // ---- plan

    private JsonNode plan(String... args) throws IOException {
        var all = new java.util.ArrayList<>(List.of("plan", "--json", "--no-measure"));
        all.addAll(List.of(args));
        assertThat(run(all.toArray(String[]::new))).as(err.toString()).isZero();
        return new ObjectMapper().readTree(out.toString());
    }

    @Test
    void planIsOneLineOfJson() throws IOException {
        var json = plan("quickstart");
        assertThat(out.toString().lines()).hasSize(1);
        assertThat(json.at("/parameters/total").asLong())
                .isEqualTo(json.at("/parameters/dit").asLong() + json.at("/parameters/llm").asLong());
        assertThat(json.get("stages")).hasSize(3);
        assertThat(json.get("stage").asText()).isEqualTo("joint");
        assertThat(json.at("/memory_mib/total")).isEqualTo(json.at("/stages/2/memory_mib/total"));
    }

    @Test
    void planOfAReferencesFileNeedsNoOtherFile() throws IOException {
        var json = plan("--reference-config", reference());
        assertThat(json.at("/parameters/llm").asLong()).isEqualTo(268_098_176);
        assertThat(json.at("/parameters/trainable")).isEqualTo(json.at("/parameters/dit"));
    }

    /// Counted by hand: 64 images of 16 patches and a class token, four layers of 128.
    @Test
    void planOfATeacher() throws IOException {
        var json = plan("blocks-teacher");
        long layer = 12 * 128 * 128;
        assertThat(json.at("/parameters/encoder").asLong()).isEqualTo(4 * (layer + 13 * 128 + 2 * 128) + 2 * 128 // norms, biases, scales
                + 8 * 8 * 3 * 128 + 128 + (16 + 1) * 128 + 2 * 128);
        double heads = json.at("/parameters/heads").asDouble();
        double matmuls = 6 * 64 * 17 * 4 * layer + 4 * 64 * 16 * 8 * 8 * 3 * 128, attention = 3 * 4 * 64 * 17 * 17 * 128 * 4;
        assertThat(json.get("flops_per_step").asDouble()).isBetween(matmuls + attention, matmuls + attention + 6 * 64 * heads);
        assertThat(json.get("pictures").asLong()).isEqualTo(3800 * 64);
        assertThat(json.get("fits").asBoolean()).isTrue();
        assertThat(run("plan", "blocks-teacher", "--set", "learning.steps=2", "--set", "learning.warm_up=0")).isZero();
        assertThat(out.toString()).contains("a vision encoder of 821,504 parameters", "GFLOP a step, 2 steps, 128 images", "Time here",
                "Fits");
    }

    @Test
    void whatDoesNotFitIsPlannedButNotTrained() throws IOException {
        assertThat(plan("paper/baseline", "--set", "stages.train.batch=1024").get("fits").asBoolean()).isFalse();
        assertThat(run("train", "paper/baseline", "--set", "stages.train.batch=1024", "--set", "run.device=cpu", "--out",
                temp.resolve("run").toString())).isEqualTo(2);
        assertThat(err.toString()).contains("needs about", "in stage 'train'", "--set stages.train.checkpointing=true");
        assertThat(run("train", "blocks-teacher", "--set", "learning.batch=1000000", "--out", temp.resolve("run").toString()))
                .isEqualTo(2);
        assertThat(err.toString()).contains("'blocks-teacher' needs about", "Lower learning.batch");
        assertThat(temp.resolve("run")).doesNotExist();
    }

    @Test
    void planForPeopleTellsEachStage() {
        assertThat(run("plan", "quickstart", "--no-measure")).isZero();
        assertThat(out.toString()).contains("3.9 M parameters", "Memory in MiB", "GFLOP a step", "Fits: stage 'joint'");
    }
}
