package dev.fusedit.trainer.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fusedit.fusion.config.DescriptionCheck;
import dev.fusedit.fusion.config.KnownFields;
import dev.fusedit.fusion.config.ModelDescription;
import dev.fusedit.fusion.config.ModelDescription.Difference;
import dev.fusedit.fusion.dit.ImageModelConfig;
import dev.fusedit.fusion.dit.ModelConfigJson;
import dev.fusedit.fusion.flow.Prediction;
import dev.fusedit.fusion.llm.LanguageConfigs;
import dev.fusedit.fusion.llm.LanguageModelConfig;
import dev.fusedit.fusion.pipeline.PipelineDescription;
import dev.fusedit.fusion.text.Tokenizer;
import dev.fusedit.fusion.vae.AutoencoderConfig;
import dev.fusedit.fusion.vae.KnownAutoencoders;
import dev.fusedit.fusion.vision.ClipTextConfig;
import dev.fusedit.fusion.vision.KnownClipTexts;
import dev.fusedit.trainer.checkpoint.CheckpointFiles;
import dev.fusedit.trainer.recipe.LanguageModelRecipe;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.recipe.RecipeDifference;
import dev.fusedit.trainer.recipe.WeightFiles;
import dev.fusedit.trainer.recipe.binding.Names;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Compares what files say of their model with what a recipe builds, field by field, by [DescriptionCheck]. What a recipe leaves open was
/// taken from the files before, and is said here.
final class StartingChecks {
    private static final String ACCEPT = "weights.accept";
    private static final String REMEDY = "Describe this model in the recipe, or give weights of the model that it describes";

    /// Of a run's recipe: what is no part of the model that it made.
    private static final KnownFields OF_A_RUN = KnownFields.of("").passed("how long texts are is each run's own", "model.llm.max_tokens")
            .passed("new weights alone, and no weight is new", "model.llm.init_range");

    /// Which fields, at whatever depth, each kind of accepted difference is about.
    private static final Map<WeightFiles.Accept, List<String>> ACCEPTABLE = Map.of(
            WeightFiles.Accept.PREDICTION, List.of("prediction_type", "prediction"),
            WeightFiles.Accept.POSITIONS, List.of("pos_embed", "pos_embed_max_size", "sample_size", "positions"),
            WeightFiles.Accept.ROPE, List.of("rope_theta", "rope_scaling", "rope_local_base_freq"),
            WeightFiles.Accept.TOKENIZER, List.of("tokenizer"),
            WeightFiles.Accept.INSTRUCTION, List.of("instruction", "chat_template"),
            WeightFiles.Accept.HEAD, List.of("tie_word_embeddings"),
            WeightFiles.Accept.VAE, List.of("vae"), WeightFiles.Accept.CLIP, List.of("clip"));

    private final Recipe recipe;
    private final Consumer<String> said;

    StartingChecks(Recipe recipe, Consumer<String> said) {
        this.recipe = recipe;
        this.said = said;
    }

    private static DescriptionCheck check(Recipe recipe, String key, Consumer<String> said) {
        var fields = new HashMap<String, DescriptionCheck.Acceptance>();
        ACCEPTABLE.forEach((kind, names) -> names.forEach(name -> fields.put(name,
                new DescriptionCheck.Acceptance(Names.constant(kind), recipe.weights().accept().contains(kind)))));
        return new DescriptionCheck(key, fields, ACCEPT, said);
    }

    /// @throws UserError that lists every difference that is not accepted
    void require(StartingFiles files, ImageModelConfig built, Tokenizer tokenizer) {
        switch (files) {
            case StartingFiles.Nothing() -> {}
            case StartingFiles.Language language -> language(language, built, tokenizer);
            case StartingFiles.Run run -> run(run, built, tokenizer);
            case StartingFiles.Pipeline pipeline -> {
                model(pipeline.file(), pipeline.config(), built);
                pipeline(pipeline.folder(), tokenizer);
            }
            case StartingFiles.Described described -> model(described.file(), described.config(), built);
            case StartingFiles.Bare(var file) -> said.accept(
                    "weights.model: %s says nothing of its model but names and shapes; that it is this recipe's is taken on trust"
                            .formatted(file));
        }
    }

    // ---- language models

    private void language(StartingFiles.Language files, ImageModelConfig built, Tokenizer tokenizer) {
        var key = "weights.llm";
        var place = config(files.place());
        var file = new ModelDescription(place, LanguageConfigs.json(compared(files.config(), built.text())));
        var wanted = new ModelDescription("the recipe", LanguageConfigs.json(compared(built.text(), built.text())));
        var check = check(recipe, key, said);
        check.refuse(file, wanted, plus(file.differences(wanted), layers(files.config(), built)), REMEDY);
        head(check, file, files.config());
        taken(key, place, files.config(), built.text());
        if (!recipe.model().readLayers().isFirst()) {
            said.accept("%s: of the %d layers of %s the blocks read %s".formatted(key, files.config().layers(), place,
                    recipe.model().layersRead(built.text().layers())));
        }
        TokenizerComparison.of(files, tokenizer).ifPresent(difference -> check.refuse(file, wanted, List.of(difference), REMEDY));
    }

    /// The first layers of a file's are taken where each is read by itself; a named model has as many as its name says.
    private List<Difference> layers(LanguageModelConfig file, ImageModelConfig built) {
        int wanted = switch (recipe.model().llm()) {
            case LanguageModelRecipe.Pretrained named -> named.sizes().map(LanguageModelConfig::layers).orElse(file.layers());
            case LanguageModelRecipe.Custom custom -> custom.layers();
        };
        boolean mayBeMore = switch (recipe.model().llm()) {
            case LanguageModelRecipe.Pretrained _ -> false;
            case LanguageModelRecipe.Custom _ -> built.isDeep();
        };
        if (file.layers() == wanted || mayBeMore && file.layers() > wanted) {
            return List.of();
        }
        return List.of(new Difference("num_hidden_layers", JsonNodeFactory.instance.numberNode(file.layers()),
                JsonNodeFactory.instance.numberNode(wanted)));
    }

    /// A fused model makes words by its table of embeddings.
    private void head(DescriptionCheck check, ModelDescription file, LanguageModelConfig config) {
        if (config.tied()) {
            return;
        }
        var nodes = JsonNodeFactory.instance;
        if (recipe.stages().stream().anyMatch(stage -> stage.losses().language() != null)) {
            check.refuse(file, new ModelDescription("the recipe, whose language loss needs that", nodes.objectNode()),
                    List.of(new Difference("tie_word_embeddings", nodes.booleanNode(false), nodes.booleanNode(true))), REMEDY);
        } else {
            said.accept("weights.llm: the head of %s is left out: nothing here makes words".formatted(file.where()));
        }
    }

    /// What does not matter here is told alike: a model that is not new has no new weights, and a fused one has no head.
    private static LanguageModelConfig compared(LanguageModelConfig text, LanguageModelConfig built) {
        var cut = text.layers() > built.layers() ? text.withLayers(built.layers()) : text;
        return new LanguageModelConfig(cut.family(), cut.vocabulary(), cut.hidden(), cut.intermediate(), built.layers(), cut.heads(),
                cut.kvHeads(), cut.headDim(), cut.ropeTheta(), cut.ropeScaling(), cut.normEps(), 0, cut.attentionBias(), cut.activation(),
                true, 0, false);
    }

    /// Says what the recipe left open.
    private void taken(String key, String where, LanguageModelConfig file, LanguageModelConfig built) {
        var usual = new ModelDescription("the recipe",
                LanguageConfigs.json(compared(TextConfigs.said(recipe.model(), built.vocabulary()).orElse(built), built)));
        var taken = new ModelDescription(where, LanguageConfigs.json(compared(built, built)));
        var fields =
                taken.differences(usual).stream().map(one -> "%s %s".formatted(one.field(), one.value() == null ? "none" : one.value()))
                        .toList();
        if (!fields.isEmpty()) {
            said.accept("%s: as %s says: %s".formatted(key, where, String.join(", ", fields)));
        }
        if (TextConfigs.said(recipe.model(), built.vocabulary()).isEmpty()) {
            said.accept("%s: sizes as %s says: %s, %d layers of width %d".formatted(key, where,
                    LanguageConfigs.json(file).path("model_type").textValue(), file.layers(), file.hidden()));
        }
        if (file.layers() > built.layers()) {
            said.accept("%s: of the %d layers of %s the first %d are taken".formatted(key, file.layers(), where, built.layers()));
        }
    }

    private static String config(Path place) { return (Files.isDirectory(place) ? place.resolve("config.json") : place).toString(); }

    // ---- whole models

    private void model(Path file, ImageModelConfig config, ImageModelConfig built) {
        var described = described(file.toString(), config, built);
        var wanted = described("the recipe", built, built);
        check(recipe, "weights.model", said).refuse(described, wanted, described.differences(wanted), REMEDY);
        taken("weights.model", file.toString(), config.text(), built.text());
    }

    private static ModelDescription described(String where, ImageModelConfig config, ImageModelConfig built) {
        ObjectNode json = ModelConfigJson.json(config);
        json.set("base_config", LanguageConfigs.json(compared(config.text(), built.text())));
        return new ModelDescription(where, json);
    }

    private void run(StartingFiles.Run run, ImageModelConfig built, Tokenizer tokenizer) {
        var where = run.checkpoint().file(CheckpointFiles.RECIPE).toString();
        var described = described(where, run.config(), built);
        var wanted = described("the recipe", built, built);
        var structure = described.differences(wanted);
        var keys = RecipeDifference.between(run.recipe(), recipe).stream()
                .filter(one -> one.key().startsWith("model.") && !one.key().startsWith("model.adapters"))
                .filter(one -> OF_A_RUN.reason(one.key()) == null).filter(one -> !structure.isEmpty() || !isStructure(one.key()))
                .map(one -> new Difference(one.key(), node(one.before()), node(one.now()))).toList();
        var words = TokenizerComparison.inCheckpoint(run.checkpoint(), tokenizer).stream().toList();
        var unexplained = structure.stream().filter(one -> keys.stream().noneMatch(key -> explains(key.field(), one.field()))).toList();
        check(recipe, "weights.model", said).refuse(described, wanted, plus(plus(plus(keys, unexplained), words), adapters(run.recipe())),
                REMEDY);
        taken("weights.model", where, run.config().text(), built.text());
    }

    /// A run's adapters go on as they were; those that it has not begin anew.
    private List<Difference> adapters(Recipe run) {
        var now = recipe.model().adapted().parts();
        return run.model().adapted().parts().entrySet().stream()
                .filter(part -> !now.containsKey(part.getKey())
                        || !Objects.requireNonNull(now.get(part.getKey())).computesAs(part.getValue()))
                .map(part -> new Difference("model.adapters." + part.getKey(), node(part.getValue().inWords()),
                        now.containsKey(part.getKey()) ? node(Objects.requireNonNull(now.get(part.getKey())).inWords()) : null))
                .toList();
    }

    /// Whether the model's configuration says it too; two recipes may describe one model in two ways.
    private static boolean isStructure(String key) {
        return !List.of("model.prediction", "model.vae", "model.clip", "model.llm.instruction", "model.llm.chat_template").contains(key);
    }

    /// Whether a recipe's key may be why the models differ in a field.
    private static boolean explains(String key, String field) {
        return isStructure(key) && key.startsWith("model.llm.") == field.startsWith("base_config.");
    }

    private static @Nullable JsonNode node(@Nullable String value) {
        return value == null ? null : JsonNodeFactory.instance.textNode(value);
    }

    private void pipeline(Path folder, Tokenizer tokenizer) {
        var parts = PipelineDescription.read(folder);
        var check = check(recipe, "weights.model", said);
        var wanted = new ModelDescription("the recipe", JsonNodeFactory.instance.objectNode()
                .put(PipelineDescription.PREDICTION, PipelineDescription.word(switch (recipe.model().prediction()) {
                    case VELOCITY -> new Prediction.Velocity();
                    case CLEAN -> new Prediction.X0();
                })));
        var file = new ModelDescription(parts.schedulerFile(), JsonNodeFactory.instance.objectNode()
                .put(PipelineDescription.PREDICTION, PipelineDescription.word(parts.prediction())));
        check.refuse(file, wanted, file.differences(wanted), REMEDY);
        latents(folder, parts, check);
        TokenizerComparison.inFolder(folder.resolve("tokenizer"), tokenizer).ifPresent(
                difference -> check.refuse(
                        new ModelDescription(folder.resolve("tokenizer").toString(), JsonNodeFactory.instance.objectNode()),
                        wanted, List.of(difference), REMEDY));
    }

    private void latents(Path folder, PipelineDescription parts, DescriptionCheck check) {
        var name = recipe.model().vae();
        var nodes = JsonNodeFactory.instance;
        if (parts.vae().isPresent() && name != null) {
            vae(recipe, parts.vae().get(), parts.vaeFile(), said);
        } else if (parts.vae().isPresent() != (name != null)) {
            var file = new ModelDescription(folder.resolve("model_index.json").toString(), nodes.objectNode());
            check.refuse(file, new ModelDescription("the recipe", nodes.objectNode()), List.of(new Difference("vae",
                    nodes.textNode(parts.vae().isPresent() ? "AutoencoderKL" : "none: pixels"),
                    nodes.textNode(name == null ? "none: pixels" : name))), REMEDY);
        }
    }

    // ---- frozen parts

    /// Whether an autoencoder is the one that the recipe names.
    ///
    /// @throws UserError that lists every difference, unless they are accepted
    static void vae(Recipe recipe, AutoencoderConfig config, String where, Consumer<String> said) {
        var name = recipe.model().vae();
        if (name != null) {
            frozen(recipe, "weights.vae", config.described(where), KnownAutoencoders.find(name).orElseThrow().described(name),
                    AutoencoderConfig.NOT_COMPARED, WeightFiles.Accept.VAE, said);
        }
    }

    /// Whether a CLIP model is the one that the recipe names.
    ///
    /// @throws UserError that lists every difference, unless they are accepted
    static void clip(Recipe recipe, ClipTextConfig config, String where, Consumer<String> said) {
        var name = recipe.model().clip();
        if (name != null) {
            frozen(recipe, "weights.clip", config.described(where), KnownClipTexts.find(name).orElseThrow().described(name),
                    KnownFields.of(""),
                    WeightFiles.Accept.CLIP, said);
        }
    }

    private static void frozen(Recipe recipe, String key, ModelDescription file, ModelDescription named, KnownFields passed,
            WeightFiles.Accept kind, Consumer<String> said) {
        var any = Map.of("", new DescriptionCheck.Acceptance(Names.constant(kind), recipe.weights().accept().contains(kind)));
        new DescriptionCheck(key, any, ACCEPT, said).require(file, named, passed, "Give its folder, or name the model that this is of");
    }

    private static List<Difference> plus(List<Difference> some, List<Difference> more) {
        var all = new ArrayList<>(some);
        all.addAll(more);
        return all;
    }
}
