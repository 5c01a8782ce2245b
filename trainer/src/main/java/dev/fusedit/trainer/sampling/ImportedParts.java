package dev.fusedit.trainer.sampling;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.fusedit.fusion.dit.ImageModelConfig;
import dev.fusedit.fusion.dit.ModelConfigJson;
import dev.fusedit.fusion.flow.KnownSchedulers;
import dev.fusedit.fusion.flow.Prediction;
import dev.fusedit.fusion.flow.SchedulerConfigs;
import dev.fusedit.fusion.flow.FlowMatchScheduler;
import dev.fusedit.fusion.llm.LanguageModelConfig;
import dev.fusedit.fusion.llm.LanguageModels;
import dev.fusedit.fusion.pipeline.LoadedPipeline;
import dev.fusedit.fusion.pipeline.PipelineFolder;
import dev.fusedit.fusion.pipeline.PipelineParts;
import dev.fusedit.fusion.pipeline.PipelineParts.Said;
import dev.fusedit.fusion.text.PretrainedTokenizer;
import dev.fusedit.fusion.text.Tokenizer;
import dev.fusedit.fusion.vae.AutoencoderKL;
import dev.fusedit.fusion.vae.Pixels;
import dev.fusedit.nn.RenamedTensors;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.FolderTensors;
import dev.fusedit.torch.io.TensorFiles;
import dev.fusedit.trainer.model.RecipeTokenizers;
import dev.fusedit.trainer.model.StartingWeights;
import dev.fusedit.trainer.recipe.LanguageModelRecipe;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.recipe.WeightFiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The parts of which an import makes a pipeline, all there.
///
/// @param tokenizer null for the one among the parts
/// @param starting what compares frozen parts with those of a recipe; null where none describes the model
record ImportedParts(PipelineParts parts, @Nullable Tokenizer tokenizer, @Nullable StartingWeights starting) implements AutoCloseable {
    private static final String SCHEDULER = "scheduler_config.json";
    private static final String PAPERS = "stabilityai/stable-diffusion-3-medium-diffusers";
    private static final List<String> TOKENIZERS = List.of("tokenizer.json", "tokenizer.model");
    private static final int PIXEL_CHANNELS = new Pixels().channels();

    // ---- by files

    /// A pipeline's own, but for those that are given.
    static ImportedParts of(PipelineParts own, CheckpointImport.Places given, Consumer<String> said) {
        var folders = new HashMap<>(own.folders());
        folders.putAll(folders(given, null, said));
        var parts = new PipelineParts(own.place(), own.index(), own.transformer(), own.weights(), own.scheduler(), folders);
        return whole(parts, null, null);
    }

    static ImportedParts described(Path place, Path weights, @Nullable Path given, CheckpointImport.Places places, Consumer<String> said) {
        var config = given != null ? Optional.of(Files.isDirectory(given) ? given.resolve(FolderTensors.CONFIG) : given)
                : StartingWeights.description(weights);
        if (config.isEmpty()) {
            throw new UserError(("%s says nothing of its model but names and shapes: there is no %s beside it. Give --config, the one that "
                    + "was saved with it, or --recipe or --reference-config, what it was trained by")
                    .formatted(weights, FolderTensors.CONFIG));
        }
        said.accept("model: as %s says".formatted(config.get()));
        var transformer = Said.in(config.get());
        var index = JsonNodeFactory.instance.objectNode();
        if (transformer.json().has(PipelineFolder.OURS)) index.set(PipelineFolder.OURS, transformer.json().get(PipelineFolder.OURS));
        var folder = weights.toAbsolutePath().getParent();
        var parts = new PipelineParts(place, new Said(index, transformer.where()), transformer, weights, scheduler(folder, said),
                folders(places, folder, said));
        return whole(parts, null, null);
    }

    private static Said scheduler(Path folder, Consumer<String> said) {
        var beside = folder.resolve(SCHEDULER);
        if (Files.isRegularFile(beside)) return Said.in(beside);
        said.accept("scheduler: the paper's, that of " + PAPERS);
        return scheduler(KnownSchedulers.find(PAPERS).orElseThrow(), new Prediction.Velocity());
    }

    private static Said scheduler(FlowMatchScheduler scheduler, Prediction prediction) {
        return new Said(SchedulerConfigs.json(scheduler, prediction), "scheduler");
    }

    // ---- by a recipe

    /// @param asReference whether noise levels lie as the paper's code has them
    static ImportedParts of(Path place, Path weights, Recipe recipe, boolean asReference, CheckpointImport.Places given,
            Consumer<String> said) {
        var places = over(given, recipe.weights());
        var folders = folders(places, weights.toAbsolutePath().getParent(), said);
        var starting = StartingWeights.of(placed(recipe, weights, folders), said);
        var sampled = RunPipeline.Sampled.by(recipe);
        var tokenizer = tokenizer(placed(recipe, weights, folders), folders);
        try {
            var transformer = ModelConfigJson.json(starting.config(tokenizer, text(folders)));
            var index = JsonNodeFactory.instance.objectNode();
            index.set(PipelineFolder.OURS, PipelineFolder.ours(sampled.settings(), tokenizer, asReference ? DType.F32 : compute(recipe)));
            var scheduler = asReference ? FlowMatchScheduler.shifted(recipe.sampling().shift()) : sampled.scheduler();
            var parts = new PipelineParts(place, new Said(index, "recipe " + recipe.run().name()),
                    new Said(transformer, "recipe " + recipe.run().name()), weights, scheduler(scheduler, sampled.prediction()), folders);
            return whole(parts, tokenizer, starting);
        } catch (RuntimeException e) {
            close(tokenizer);
            throw e;
        }
    }

    /// As far as a pipeline's folder may say it.
    private static DType compute(Recipe recipe) {
        return switch (recipe.run().precision()) {
            case BF16 -> DType.BF16;
            case AUTO -> DType.F32;
            case F32 -> DType.F32;
            case F16 -> DType.F32;
            case PURE_BF16 -> DType.BF16;
            case F64 -> DType.F32;
        };
    }

    /// Its files, but for those that are given.
    private static CheckpointImport.Places over(CheckpointImport.Places given, WeightFiles own) {
        return new CheckpointImport.Places(or(given.llm(), own.llmFile()), or(given.vae(), own.vae()), or(given.clip(), own.clip()),
                or(given.tokenizer(), own.tokenizer()));
    }

    private static @Nullable Path or(@Nullable Path given, @Nullable String own) {
        return given != null || own == null ? given : Path.of(own);
    }

    private static Recipe placed(Recipe recipe, Path weights, Map<String, Path> folders) {
        var own = recipe.weights();
        var tokenizer = switch (recipe.model().llm()) {
            case LanguageModelRecipe.Custom _ -> null;
            case LanguageModelRecipe.Pretrained _ -> string(folders, PipelineParts.TOKENIZER);
        };
        return recipe.withWeights(new WeightFiles(weights.toString(), null, own.llmDtype(), own.vae(), own.clip(), tokenizer, null,
                own.accept()));
    }

    private static @Nullable String string(Map<String, Path> folders, String name) {
        var place = folders.get(name);
        return place == null ? null : place.toString();
    }

    private static Tokenizer tokenizer(Recipe recipe, Map<String, Path> folders) {
        switch (recipe.model().llm()) {
            case LanguageModelRecipe.Custom _ -> {}
            case LanguageModelRecipe.Pretrained _ -> {
                if (!folders.containsKey(PipelineParts.TOKENIZER)) throw missing("the model", List.of(Missing.TOKENIZER));
            }
        }
        return RecipeTokenizers.of(recipe);
    }

    private static Optional<LanguageModelConfig> text(Map<String, Path> folders) {
        var place = folders.get(PipelineParts.LLM);
        if (place == null) return Optional.empty();
        try (var stored = LanguageModels.open(place)) {
            return Optional.of(stored.config());
        }
    }

    // ---- where parts are

    /// @param beside the weights, where a tokenizer may lie; null where none may
    private static Map<String, Path> folders(CheckpointImport.Places places, @Nullable Path beside, Consumer<String> said) {
        var folders = new HashMap<String, Path>();
        if (places.llm() != null) folders.put(PipelineParts.LLM, there("--llm", places.llm()));
        if (places.vae() != null) {
            var place = there("--vae", places.vae());
            var within = place.resolve(PipelineParts.VAE);
            folders.put(PipelineParts.VAE, Files.isRegularFile(within.resolve(FolderTensors.CONFIG)) ? within : place);
        }
        if (places.clip() != null) {
            folders.put(PipelineParts.CLIP, there("--clip", places.clip()));
            folders.put(PipelineParts.CLIP_TOKENIZER, places.clip());
        }
        if (places.tokenizer() != null) {
            var place = there("--tokenizer", places.tokenizer());
            folders.put(PipelineParts.TOKENIZER, Files.isDirectory(place) ? place : place.toAbsolutePath().getParent());
        } else if (hasTokenizer(places.llm())) {
            folders.put(PipelineParts.TOKENIZER, places.llm());
        } else if (hasTokenizer(beside)) {
            folders.put(PipelineParts.TOKENIZER, beside);
        }
        if (beside != null && folders.containsKey(PipelineParts.TOKENIZER)) {
            said.accept("tokenizer: %s".formatted(folders.get(PipelineParts.TOKENIZER)));
        }
        return folders;
    }

    private static Path there(String option, Path place) {
        if (!Files.exists(place)) throw new UserError("%s: %s is not there. Give the place of that part".formatted(option, place));
        return place;
    }

    private static boolean hasTokenizer(@Nullable Path folder) {
        return folder != null && TOKENIZERS.stream().anyMatch(name -> Files.isRegularFile(folder.resolve(name)));
    }

    // ---- what is missing

    private enum Missing {
        VAE("its autoencoder: --vae PLACE, a folder in diffusers' form"),
        LLM("its language model, of which the file holds nothing: --llm PLACE, a Hugging Face folder or a GGUF file"),
        CLIP("its CLIP text model: --clip PLACE, a Hugging Face folder with its tokenizer"),
        TOKENIZER("its tokenizer: --tokenizer PLACE, a tokenizer.json or its folder, or the language model's folder as --llm");

        private final String remedy;

        Missing(String remedy) { this.remedy = remedy; }
    }

    private static UserError missing(String place, List<Missing> parts) {
        return new UserError("%s does not hold all of a pipeline. Give%n%s".formatted(place,
                String.join(System.lineSeparator(), parts.stream().map(part -> "  " + part.remedy).toList())));
    }

    /// With an index that says whether there is an autoencoder.
    private static ImportedParts whole(PipelineParts parts, @Nullable Tokenizer tokenizer, @Nullable StartingWeights starting) {
        var config = ModelConfigJson.read(parts.transformer().json(), parts.transformer().where());
        boolean pixels = isOfPixels(parts, config);
        if (pixels) {
            PipelineParts.ofPixels(parts.index().json());
        } else {
            parts.index().json().remove(PipelineParts.VAE); // given, where a folder says that it has none
        }
        var missing = new ArrayList<Missing>();
        if (!pixels && !has(parts, PipelineParts.VAE)) missing.add(Missing.VAE);
        if (!config.isDeep() && !has(parts, PipelineParts.LLM) && !holdsLanguageModel(parts.weights())) missing.add(Missing.LLM);
        if (config.pooledText() > 0 && !has(parts, PipelineParts.CLIP)) missing.add(Missing.CLIP);
        if (tokenizer == null && !has(parts, PipelineParts.TOKENIZER)) missing.add(Missing.TOKENIZER);
        if (!missing.isEmpty()) throw missing(parts.place().toString(), missing);
        return new ImportedParts(parts, tokenizer, starting);
    }

    private static boolean isOfPixels(PipelineParts parts, ImageModelConfig config) {
        return config.image().inChannels() == PIXEL_CHANNELS && !has(parts, PipelineParts.VAE);
    }

    private static boolean has(PipelineParts parts, String name) {
        var place = parts.folders().get(name);
        return place != null && Files.exists(place);
    }

    private static boolean holdsLanguageModel(Path weights) {
        try (var file = TensorFiles.open(weights)) {
            return PipelineParts.holdLanguageModel(RenamedTensors.unwrapped(file));
        }
    }

    // ---- the whole

    LoadedPipeline read() { return PipelineFolder.read(parts, own -> own, tokenizer); }

    /// Compares the frozen parts with those that a recipe names.
    void check(LoadedPipeline pipeline) {
        if (starting == null) return;
        switch (pipeline.pipeline().space()) {
            case AutoencoderKL vae -> starting.require(vae.config(), parts.folders().get(PipelineParts.VAE).toString());
            case Pixels _ -> {}
        }
        var pooled = pipeline.pipeline().pooled();
        if (pooled != null) starting.require(pooled.clip().config(), parts.folders().get(PipelineParts.CLIP).toString());
    }

    @Override
    public void close() { close(tokenizer); }

    private static void close(@Nullable Tokenizer tokenizer) {
        if (tokenizer instanceof PretrainedTokenizer pretrained) pretrained.close();
    }
}
