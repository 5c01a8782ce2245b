package dev.fusedit.trainer.model;

import dev.fusedit.fusion.dit.ImageModelConfig;
import dev.fusedit.fusion.llm.LanguageModelConfig;
import dev.fusedit.fusion.llm.LanguageModels;
import dev.fusedit.fusion.text.Tokenizer;
import dev.fusedit.fusion.vae.AutoencoderConfig;
import dev.fusedit.fusion.vision.ClipTextConfig;
import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.nn.LoraAdapter;
import dev.fusedit.nn.RenamedTensors;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.FolderTensors;
import dev.fusedit.torch.io.TensorFiles;
import dev.fusedit.torch.io.TensorSource;
import dev.fusedit.trainer.checkpoint.Checkpoint;
import dev.fusedit.trainer.recipe.LanguageModelRecipe;
import dev.fusedit.trainer.recipe.Recipe;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/// Weights that a run begins with instead of random ones: `weights.model` and `weights.llm` of its recipe, in the forms of [StartingFiles].
/// What they say of their model is compared with what is built, by [StartingChecks]; what the recipe leaves open is built as they say. What
/// no file has (an alignment's projections) keeps its drawn value; each other tensor must be there, in its shape, or all that does not fit is
/// listed in one error.
public final class StartingWeights {
    private static final String LLM = "llm.";
    private static final String DIT = "dit.";
    private static final Pattern LAYER = Pattern.compile("model\\.layers\\.(\\d+)\\..*");

    private final Recipe recipe;
    private final StartingFiles files;
    private final Consumer<String> said;

    private StartingWeights(Recipe recipe, StartingFiles files, Consumer<String> said) {
        this.recipe = recipe;
        this.files = files;
        this.said = said;
    }

    /// Looks at the files that a recipe names; no tensor is read yet.
    ///
    /// @param said told in sentences what is taken from files, or accepted
    /// @throws UserError if a place is not there, or is something else
    public static StartingWeights of(Recipe recipe, Consumer<String> said) {
        return new StartingWeights(recipe, StartingFiles.of(recipe), said);
    }

    /// Refuses to train a published language model that is given no weights: it would be a new one under its name.
    ///
    /// @throws UserError if the recipe neither names its weights nor says that new ones are meant
    public static void requireGiven(Recipe recipe) {
        switch (recipe.model().llm()) {
            case LanguageModelRecipe.Custom _ -> {}
            case LanguageModelRecipe.Pretrained named -> {
                if (!recipe.weights().saysLlm()) {
                    throw new UserError(
                            ("recipe '%s' trains with '%s', but does not say where its weights are: it would begin with random ones. "
                                    + "Give weights.llm its folder, or 'random' if that is meant")
                                    .formatted(recipe.run().name(), named.called()));
                }
            }
        }
    }

    /// The recipe's model with new weights.
    ///
    /// @throws UserError if a frozen part cannot be read, or the files are of another model
    public ModelBundle bundle(Tokenizer tokenizer, DTypePolicy policy, Seed seed) {
        return ModelBundle.fresh(recipe, config(tokenizer, Optional.empty()).text(), tokenizer, policy, seed, said);
    }

    /// The configuration of the model that is built, once it is compared with what the files say of it.
    ///
    /// @param llm what files beside these say of the language model
    /// @throws UserError if the files are of another model
    public ImageModelConfig config(Tokenizer tokenizer, Optional<LanguageModelConfig> llm) {
        var text = TextConfigs.of(recipe.model(), RecipeTokenizers.size(tokenizer), files.text().or(() -> llm));
        var config = RecipeModelConfigs.of(recipe.model(), text, recipe.largestSide() / recipe.model().pixels());
        new StartingChecks(recipe, said).require(files, config, tokenizer);
        return config;
    }

    /// Compares the frozen parts that a model was given with those that the recipe names.
    ///
    /// @param where an autoencoder's configuration is, for messages
    /// @throws UserError that lists every difference, unless they are accepted
    public void require(AutoencoderConfig vae, String where) { StartingChecks.vae(recipe, vae, where, said); }

    /// As [#require(AutoencoderConfig, String)].
    public void require(ClipTextConfig clip, String where) { StartingChecks.clip(recipe, clip, where, said); }

    /// The configuration that lies beside a file of weights, or as the reference's trainers leave it, in the folder above.
    public static Optional<Path> description(Path file) { return StartingFiles.description(file.toAbsolutePath().getParent()); }

    /// The model of a run that goes on, with new weights.
    public static ModelBundle resumed(Recipe recipe, Tokenizer tokenizer, Checkpoint checkpoint, DTypePolicy policy, Seed seed) {
        return ModelBundle.fresh(recipe, TextConfigs.of(recipe, RecipeTokenizers.size(tokenizer), checkpoint.folder()), tokenizer, policy,
                seed,
                _ -> {});
    }

    /// Reads the weights into the bundle that [#bundle] made.
    ///
    /// @throws UserError if they do not fit
    public void read(ModelBundle bundle) {
        readModel(bundle);
        var adapters = recipe.weights().adapters();
        if (adapters != null) PeftFolders.read(Path.of(adapters), recipe.model().adapted(), bundle.weights(), said);
    }

    private void readModel(ModelBundle bundle) {
        switch (files) {
            case StartingFiles.Nothing() -> {}
            case StartingFiles.Language(var place, _) -> llm(bundle, place);
            case StartingFiles.Run run -> SavedModel.readForSampling(run.recipe().sampling().weights(), run.checkpoint(), bundle,
                    FrozenFiles.of(run.checkpoint().folder(), run.recipe()), run.recipe());
            case StartingFiles.Pipeline pipeline -> pipeline(bundle, pipeline.folder());
            case StartingFiles.Described described -> file(bundle, described.weights());
            case StartingFiles.Bare(var file) -> file(bundle, file);
        }
    }

    // ---- whole models

    private static void pipeline(ModelBundle bundle, Path folder) {
        try (var transformer = TensorFiles.open(FolderTensors.weights(folder.resolve("transformer")))) {
            if (!isShallow(bundle)) {
                load(bundle, transformer);
                return;
            }
            loadImageSide(bundle, transformer);
        }
        var own = folder.resolve("llm");
        llm(bundle, Files.isDirectory(own) ? own : folder.resolve("text_encoder"));
    }

    private static void file(ModelBundle bundle, Path place) {
        try (var file = Files.isDirectory(place) ? FolderTensors.open(place) : TensorFiles.open(place)) {
            file(bundle, file);
        }
    }

    private static void file(ModelBundle bundle, TensorSource file) {
        var plain = RenamedTensors.unwrapped(file);
        if (!isShallow(bundle) || plain.names().stream().anyMatch(name -> name.startsWith(LLM))) {
            load(bundle, plain);
        } else {
            throw new UserError(
                    ("weights.model: %s holds the image side alone. Give a pipeline's folder, which holds its language model too; "
                            + "'fusedit import' makes one of both").formatted(file.path()));
        }
    }

    /// Whether the language model is a part of its own, beside the image side in a file of its own.
    private static boolean isShallow(ModelBundle bundle) { return !bundle.model().config().isDeep(); }

    /// Adapters that the file has not keep their values: at first they change nothing.
    private static void load(ModelBundle bundle, TensorSource file) {
        bundle.weights().load(file, name -> isOwnAdapter(name, file) ? null : SavedModel.sampled(name));
    }

    private static boolean isOwnAdapter(String name, TensorSource file) { return LoraAdapter.isPart(name) && !file.contains(name); }

    private static void loadImageSide(ModelBundle bundle, TensorSource file) {
        var named = RenamedTensors.of(file, name -> DIT + name);
        bundle.weights().in("dit").load(named, name -> isOwnAdapter(name, named) ? null : name);
    }

    // ---- language models

    /// Of a file with more layers than the model has, the first ones are taken; a head that the model does not have is left out.
    private static void llm(ModelBundle bundle, Path place) { llm(bundle, place, _ -> true, bundle.weights().policy()); }

    /// @param wanted names of weights that are read; the others keep their values
    /// @param policy by which the run rounds what it keeps
    static void llm(ModelBundle bundle, Path place, Predicate<String> wanted, DTypePolicy policy) {
        try (var stored = LanguageModels.open(place)) {
            stored.requireWhole();
            int layers = bundle.model().llm().config().layers();
            var named = RenamedTensors.of(stored.tensors(), name -> {
                var layer = LAYER.matcher(name);
                boolean beyond = layer.matches() && Integer.parseInt(layer.group(1)) >= layers;
                var own = LLM + name.substring(name.indexOf('.') + 1);
                return beyond || !name.startsWith("model.") || !wanted.test(own) ? null : own;
            });
            var rounded = new RoundedTensors(named, info -> policy.masterOf(info.name(), info.shape()));
            bundle.weights().in("llm").load(rounded, name -> wanted.test(name) && !LoraAdapter.isPart(name) ? name : null);
        }
    }
}
