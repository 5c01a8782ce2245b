package dev.fusedit.trainer.recipe;

import static dev.fusedit.fusion.config.Rules.checkArgument;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.Lists;
import com.google.common.collect.Streams;
import com.google.common.hash.Hashing;
import dev.fusedit.fusion.config.Default;
import dev.fusedit.fusion.config.Doc;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.data.image.ImageSize;
import dev.fusedit.trainer.recipe.binding.Binder;
import dev.fusedit.trainer.recipe.binding.Canonical;
import dev.fusedit.trainer.recipe.binding.Node;
import dev.fusedit.trainer.recipe.binding.Overrides;
import dev.fusedit.trainer.recipe.binding.Problems;
import dev.fusedit.trainer.recipe.binding.YamlTree;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

@Doc("All hyperparameters of a run: what is built, from which data, in which stages it learns, how it is judged.")
public record Recipe(Run run, Model model, @Default("{}") WeightFiles weights, Data data, List<Stage> stages,
        @Default("{}") Sampling sampling,
        @Default("{}") Evaluation evaluation,
        @Default("{}") Logging logging, @Default("{}") Checkpointing checkpoints,
        @Nullable CacheRecipe cache) {
    public Recipe {
        checkArgument(!stages.isEmpty(), "stages must have at least one stage");
        var names = new HashSet<String>();
        for (var stage : stages) checkArgument(names.add(stage.name()), "stages.%s must not be the name of two stages", stage.name());
        boolean averaged = stages.getLast().ema() != null;
        sampling = sampling.settled(averaged);
        evaluation = evaluation.settled(data.isBuiltIn());
        checkArgument(data.isBuiltIn() || evaluation.scored().isEmpty(), "evaluation.sets must be []: they are of the built-in data");
        evaluation.check(data.isBuiltIn());
        checkArgument(sampling.weights() == Sampling.Weights.RAW || averaged,
                "sampling.weights must be raw, or the last stage must have an ema: there is no average to sample from");
        checkArgument(stages.stream().anyMatch(stage -> stage.losses().flow() != null),
                "stages must have one with a flow loss, or nothing learns to generate images");
        checkArgument(weights.adapters() == null || model.adapters() != null,
                "weights.adapters must not be given: model.adapters has none");
        weights.check(model, run.precision());
        checkGround(run, data);
        for (var stage : stages) Reach.check(stage, model, data);
        Reach.checkOrder(stages);
        for (var stage : stages) Sizes.check(stage, model, data);
        if (cache != null) cache.check(run, model, data, stages);
        stages = ImmutableList.copyOf(stages);
    }

    private static void checkGround(Run run, Data data) {
        checkArgument(!isGroundGiven(data) || run.compatibility() == Run.Compatibility.NONE,
                "data.ground must be left out: with run.compatibility reference colours are taken as they are stored");
    }

    private static boolean isGroundGiven(Data data) {
        return switch (data) {
            case Data.Blocks _ -> false;
            case Data.Images images -> images.ground() != null;
            case Data.Mixture mixture -> mixture.sources().stream().anyMatch(source -> isGroundGiven(source.data()));
        };
    }

    /// A recipe by its name or file, changed by settings such as `stages.joint.lr.llm=1e-5`.
    ///
    /// @throws UserError naming file, line and key of whatever is wrong
    public static Recipe find(String nameOrPath, List<String> settings) {
        var source = Recipes.find(nameOrPath);
        return parse(source.text(), source.file(), settings);
    }

    /// @param file what errors call it
    public static Recipe parse(String yaml, String file, List<String> settings) {
        var problems = new Problems();
        return Binder.bind(Recipe.class, tree(yaml, file, settings, problems), problems);
    }

    /// @throws UserError if nothing of it can be read
    static Node.Block tree(String yaml, String file, List<String> settings, Problems problems) {
        String origin = "recipe " + file;
        return switch (YamlTree.read(yaml, origin, problems)) {
            case Node.Block block -> {
                Overrides.apply(block, settings, problems);
                yield block;
            }
            case Node.Empty _ -> throw new UserError(origin + ": is empty. A recipe has at least the keys run, model, data, stages");
            case Node.Broken _ -> throw problems.error();
            case Node.Items other -> throw noRecipe(origin, other);
            case Node.Scalar other -> throw noRecipe(origin, other);
        };
    }

    private static UserError noRecipe(String origin, Node root) {
        return new UserError(origin + ": is not a recipe: a recipe is a block of keys, this is " + Node.describe(root));
    }

    /// The same recipe with all stages longer or shorter by a factor.
    ///
    /// @param minutes that the whole takes then, to be written into it
    public Recipe scaled(double factor, double minutes) {
        return with(run.withMinutes(minutes), stages.stream().map(stage -> stage.scaled(factor)).toList());
    }

    /// Whether some stage changes what the language model says of texts.
    public boolean learnsText() {
        return stages.stream().anyMatch(stage -> stage.trains(Part.LLM) || stage.trains(Part.LLM_ADAPTER));
    }

    /// Whether validations measure the perplexity of texts.
    public boolean validatesText() {
        var validation = evaluation.validation();
        return validation != null && validation.texts() != null ? validation.texts() : learnsText();
    }

    /// The recipe as one of several processes does it, which share each of its batches: as many steps, of smaller micro-batches.
    public Recipe sharedBy(int processes) {
        return processes == 1 ? this : with(run, stages.stream().map(stage -> stage.sharedBy(processes)).toList());
    }

    /// Whether training reads latents from a cache.
    public boolean readsLatents() { return cache != null && model.vae() != null && cache.latents() != CacheRecipe.Stored.NONE; }

    /// Of the last stage that has a flow loss: what images are learned by.
    public Optional<Losses.Flow> lastFlow() {
        return stages.reversed().stream().map(stage -> stage.losses().flow()).filter(Objects::nonNull).findFirst();
    }

    /// Whether training reads from a cache what the language model makes of captions.
    public boolean readsText() { return cache != null && cache.text() != CacheRecipe.Stored.NONE; }

    /// Whether training reads teachers' features from a cache.
    public boolean readsFeatures() { return cache != null && cache.features() != CacheRecipe.Stored.NONE; }

    /// What training reads from a cache in place of computing it, in words.
    public List<String> kept() {
        var kept = ImmutableList.<String>builder();
        if (cache != null && cache.tokens()) kept.add("tokens");
        if (readsLatents()) kept.add("latents");
        if (readsText()) kept.add("text");
        if (readsFeatures()) kept.add("features");
        return kept.build();
    }

    /// This recipe with other settings of the run.
    public Recipe withRun(Run other) { return with(other, stages); }

    /// This recipe with its files elsewhere.
    public Recipe withWeights(WeightFiles other) {
        return new Recipe(run, model, other, data, stages, sampling, evaluation, logging, checkpoints, cache);
    }

    /// This recipe, computing all itself.
    public Recipe withoutCache() {
        return new Recipe(run, model, weights, data, stages, sampling, evaluation, logging, checkpoints, null);
    }

    /// This recipe with what it leaves to the machine (`auto`) as another one has it.
    public Recipe adopting(Recipe other) { return withRun(run.adopting(other.run)); }

    /// This recipe, said to take so many minutes; its steps stay.
    public Recipe withMinutes(double minutes) { return withRun(run.withMinutes(minutes)); }

    /// The same recipe, scaled as another one is: with the lengths of its stages, and its minutes.
    ///
    /// @return empty if no factor makes those lengths of these
    public Optional<Recipe> scaledAs(Recipe other) {
        boolean named = Lists.transform(stages, Stage::name).equals(Lists.transform(other.stages, Stage::name));
        if (!named || !Lengths.areScaled(stages, other.stages)) return Optional.empty();
        var scaled = Streams.zip(stages.stream(), other.stages.stream(), Stage::asLongAs).toList();
        return Optional.of(with(run.withMinutes(other.run.minutes()), scaled));
    }

    private Recipe with(Run otherRun, List<Stage> otherStages) {
        return new Recipe(otherRun, model, weights, data, otherStages, sampling, evaluation, logging, checkpoints, cache);
    }

    /// The longest side of images that are sampled or learned from, in pixels.
    public int largestSide() {
        return stages.stream().flatMap(stage -> sizes(stage).stream()).mapToInt(size -> Math.max(size.width(), size.height()))
                .reduce(data.imageSize(), Math::max);
    }

    /// Sizes that a stage's images may have, each once.
    public ImmutableList<ImageSize> sizes(Stage stage) { return data.sizes(stage.side(data), model.patchPixels()); }

    /// Those of one source's images.
    public ImmutableList<ImageSize> sizes(Stage stage, Data.Single source) { return source.sizes(stage.side(data), model.patchPixels()); }

    /// The size of a stage's images that makes most tokens.
    public ImageSize largest(Stage stage) { return sizes(stage).stream().max(Comparator.comparingLong(ImageSize::pixels)).orElseThrow(); }

    /// Image tokens of a sample of a stage, of its largest size.
    public long tokens(Stage stage) {
        var largest = largest(stage);
        return Math.multiplyFull(largest.width() / model.patchPixels(), largest.height() / model.patchPixels());
    }

    /// This recipe as YAML with every default spelled out; reads back as itself.
    public String canonical() { return new Canonical(true).yaml(this); }

    /// This recipe as short as it can be written: no defaults.
    public String brief() {
        var implied = new HashSet<String>();
        if (sampling.equals(sampling.with(Sampling.Weights.AUTO).settled(stages.getLast().ema() != null))) implied.add("sampling.weights");
        if (evaluation.isUsual(data.isBuiltIn())) implied.add("evaluation.sets");
        if (evaluation.watched().equals(Optional.of(Evaluation.Progress.USUAL))) implied.add("evaluation.progress");
        return new Canonical(false, implied).yaml(this);
    }

    /// SHA-256 of the canonical form, in hex: equal for recipes that mean the same, however they are written.
    public String hash() { return Hashing.sha256().hashString(canonical(), StandardCharsets.UTF_8).toString(); }
}
