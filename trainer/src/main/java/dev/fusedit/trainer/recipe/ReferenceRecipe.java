package dev.fusedit.trainer.recipe;

import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.fusedit.fusion.dit.TimeConditioning;
import dev.fusedit.fusion.flow.LossWeighting;
import dev.fusedit.fusion.flow.Shift;
import dev.fusedit.fusion.flow.Solver;
import dev.fusedit.fusion.flow.TimeDensity;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.data.source.TarShards;
import dev.fusedit.trainer.recipe.binding.Binder;
import dev.fusedit.trainer.recipe.binding.Node;
import dev.fusedit.trainer.recipe.binding.Problems;
import dev.fusedit.trainer.recipe.binding.Where;
import dev.fusedit.trainer.recipe.binding.YamlTree;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import dev.fusedit.trainer.data.image.PillowResize.Filter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/// A recipe out of a configuration file of the paper's reference ([ReferenceConfig]): every field of it is mapped, refused at its line, or
/// named in the notes.
///
/// @param notes what a person should know of fields that mean something else here, or nothing
public record ReferenceRecipe(Recipe recipe, List<String> notes) {
    private static final String WHERE = "the reference's configuration";

    /// Side of the table of sine positions, and the latents' side that positions are scaled to: the reference's own defaults, which its
    /// files never change.
    private static final Model.Positions APE = new Model.Positions.Ape(64, 32);

    /// As the reference samples for its benchmarks.
    private static final int SAMPLING_STEPS = 25;
    private static final double GUIDANCE = 6;

    private static final String BY_SIZE = "noise_scheduler must shift by a fixed factor, but that of its folder shifts by the image's size";

    /// @param settings changes of the recipe that the file becomes, as `--set` has them
    /// @throws UserError naming file, line and field of what is wrong or has no meaning here
    public static ReferenceRecipe read(Path file, List<String> settings) {
        return parse(Recipes.find(file.toAbsolutePath().toString()).text(), file.toString(), settings);
    }

    /// @param file what errors call it
    public static ReferenceRecipe parse(String yaml, String file, List<String> settings) {
        String origin = "reference config " + file;
        var problems = new Problems();
        var root = YamlTree.read(yaml, origin, problems);
        if (root instanceof Node.Broken) throw problems.error();
        if (!(root instanceof Node.Block block)) throw new UserError(origin + ": is no configuration: it must be a block of keys");
        normalize(block);
        var config = Binder.bind(ReferenceConfig.class, block, new Where(WHERE, ""), problems);
        try {
            var recipe = recipe(config);
            var changed = settings.isEmpty() ? recipe : Recipe.parse(recipe.canonical(), file + ", as a recipe", settings);
            return new ReferenceRecipe(changed, notes(config));
        } catch (IllegalArgumentException e) {
            throw new UserError(origin + ": as a recipe, " + e.getMessage(), e);
        }
    }

    /// Null is what is left out; a tokenizer's name is that of the language model's; `all` shared layers are what is usual.
    private static void normalize(Node.Block block) {
        block.entries().values().removeIf(entry -> entry.value() instanceof Node.Empty);
        block.entries().replaceAll((key, entry) -> {
            if (entry.value() instanceof Node.Block inner) normalize(inner);
            if (!key.equals("tokenizer") || !(entry.value() instanceof Node.Scalar)) return entry;
            return new Node.Entry(entry.place(), new Node.Block(entry.place(), new LinkedHashMap<>(Map.of("llm", entry))));
        });
        block.entries().entrySet().removeIf(entry -> entry.getKey().equals("shared_attention_layers")
                && entry.getValue().value() instanceof Node.Scalar word && word.text().equals("all"));
    }

    private static Recipe recipe(ReferenceConfig config) {
        var trainer = config.trainer();
        var run = new Run(trainer.run().substring(trainer.run().lastIndexOf('/') + 1), trainer.seed(),
                "bf16".equals(trainer.mixedPrecision()) ? Run.Precision.BF16 : Run.Precision.F32, Run.Device.CUDA, OptionalInt.empty(),
                trainer.checkpointDir(), null, Run.Compatibility.REFERENCE);
        var weights = config.ema().updateSteps() == null ? Sampling.Weights.RAW : Sampling.Weights.EMA;
        return new Recipe(run, model(config), weights(config),
                data(config.data()),
                List.of(stage(config)),
                new Sampling(Solver.EULER, SAMPLING_STEPS, GUIDANCE, List.of(0.0, 1.0), shift(config), weights, 16),
                new Evaluation(List.of(), 48, 0),
                new Logging(trainer.loggingSteps(), null, null, true, null),
                new Checkpointing(trainer.checkpointingSteps(), 2, trainer.consolidationSteps()), null);
    }

    /// Where the parts are that the file names by folders; the others are given by `--set`.
    private static WeightFiles weights(ReferenceConfig config) {
        var base = config.model().base();
        var tokenizer = config.data().tokenizer().llm();
        return new WeightFiles(null, LocalParts.isFolder(base) ? base : null, WeightFiles.LlmDtype.AUTO, folder(config.vae()),
                config.clipL() == null ? null : folder(config.clipL()),
                LocalParts.isFolder(tokenizer) && !tokenizer.equals(base) ? tokenizer : null, null, List.of());
    }

    private static @Nullable String folder(ReferenceConfig.Published part) {
        return LocalParts.isFolder(part.name()) ? part.folder().toString() : null;
    }

    private static double shift(ReferenceConfig config) {
        return switch (LocalParts.scheduler(config.noiseScheduler()).shift()) {
            case Shift.Fixed(var factor) -> factor;
            case Shift.Dynamic _ -> throw new IllegalArgumentException(BY_SIZE);
            case Shift.OfSize _ -> throw new IllegalArgumentException(BY_SIZE);
        };
    }

    // ---- model

    private static Model model(ReferenceConfig config) {
        var model = config.model();
        var data = config.data();
        var llm = new LanguageModelRecipe.Pretrained(LocalParts.isFolder(model.base()) ? null : model.base(), null,
                data.maxPromptLength(), data.instruction(), data.applyChatTemplate());
        var dit = new Model.Dit(model.ditHiddenSize(), model.ditNumHiddenLayers(), null, model.patchSize(), null, null);
        return new Model(llm, dit, fusion(model), model.initialLayers() == null ? 0 : model.initialLayers(), model.sharedAttentionLayers(),
                new ReadLayers.First(), positions(model.posEmbed()), time(model.timestepConditioning()), model.qkNorm(),
                model.sandwichNorm(),
                Model.Prediction.VELOCITY, LocalParts.vae("vae", config.vae()),
                config.clipL() == null ? null : LocalParts.clip("clip_l", config.clipL()), null);
    }

    private static Model.Fusion fusion(ReferenceConfig.Network model) {
        boolean self = model.attention().equals("self");
        if (model.isFused()) return self ? new Model.Fusion.Joint() : new Model.Fusion.Cross();
        int state = Objects.requireNonNull(model.textHiddenStatesIndex());
        return self ? new Model.Fusion.ShallowJoint(state) : new Model.Fusion.ShallowCross(state);
    }

    private static Model.Positions positions(String word) {
        return switch (word) {
            case "ape" -> APE;
            case "1d-rope" -> new Model.Positions.Rope1d();
            case "2d-rope" -> new Model.Positions.Rope2d();
            case "m-rope" -> new Model.Positions.MRope();
            default -> throw new AssertionError(word);
        };
    }

    private static TimeConditioning time(@Nullable String word) {
        return switch (word) {
            case null -> new TimeConditioning.None();
            case "adaln-zero" -> new TimeConditioning.AdaLnZero();
            case "adaln-single" -> new TimeConditioning.AdaLnSingle();
            case "addition" -> new TimeConditioning.Addition();
            default -> throw new AssertionError(word);
        };
    }

    // ---- data

    private static Data data(ReferenceConfig.Data data) {
        var captions = List.of(new Data.CaptionField(data.captionColumn().original(), data.originalCaptionRate()),
                new Data.CaptionField(data.captionColumn().synthetic(), 1 - data.originalCaptionRate()));
        return new Data.WebDataset(ImmutableList.copyOf(Splitter.on("::").split(data.dataPath())), data.resolution(), data.imageColumn(),
                captions,
                data.centerCrop(), 0, null, Filter.BILINEAR, null, null, new Data.Errors(0.05), 1, data.dataloaderNumWorkers(),
                TarShards.BLOCK,
                new Data.Cache(Data.Cache.USUAL), new Data.Fetch(10, 60), null);
    }

    // ---- the one stage

    private static Stage stage(ReferenceConfig config) {
        var trainer = config.trainer();
        var optimizer = config.optimizer();
        int accumulation = trainer.gradientAccumulationSteps();
        var every = config.ema().updateSteps();
        return new Stage("train", trainer.maxSteps(), null, config.data().batchSize() * accumulation, accumulation, null, null, Map.of(),
                rates(config),
                new Losses(flow(config), null, null, null), schedule(config.lrScheduler()), config.lrScheduler().numWarmupSteps(),
                new OptimizerRecipe.AdamW(optimizer.betas(), optimizer.eps(), optimizer.weightDecay(), OptimizerRecipe.Decay.ALL), false,
                trainer.gradientClipping(), null, new GradientMaskRecipe.None(), trainer.enableGradientCheckpointing(),
                config.data().randomDroppingRate(), every == null ? null : new Ema(config.ema().decay(), every, false), null);
    }

    private static Map<String, Double> rates(ReferenceConfig config) {
        var trainer = config.trainer();
        var rates = ImmutableMap.<String, Double>builder();
        if (trainer.trainDit() == null || trainer.trainDit()) rates.put("dit", config.optimizer().lr());
        if (trainer.trainLlm() != null && trainer.trainLlm()) rates.put("llm", config.optimizer().lr());
        return rates.buildOrThrow();
    }

    /// By diffusers' rules: a warm-up begins at exactly 0. A constant rate is the same by any.
    private static Schedule schedule(ReferenceConfig.LrScheduler scheduler) {
        var kind = Schedule.Diffusers.Kind.valueOf(scheduler.name().toUpperCase(Locale.ROOT));
        return kind == Schedule.Diffusers.Kind.CONSTANT ? new Schedule.Constant()
                : new Schedule.Diffusers(kind, scheduler.numCycles(), scheduler.power(), 1e-7, scheduler.stepRules());
    }

    /// The reference draws an index into its levels, of which 0 is the noisiest: its mean is that of the image's share, ours of the
    /// noise's.
    private static Losses.Flow flow(ReferenceConfig config) {
        var trainer = config.trainer();
        TimeDensity density = switch (trainer.weightingScheme()) {
            case "logit_normal" -> new TimeDensity.LogitNormal(0 - trainer.logitMean(), trainer.logitStd());
            case "mode" -> new TimeDensity.Mode(trainer.modeScale());
            default -> new TimeDensity.Uniform();
        };
        LossWeighting weighting = switch (trainer.weightingScheme()) {
            case "sigma_sqrt" -> new LossWeighting.SigmaSqrt();
            case "cosmap" -> new LossWeighting.Cosmap();
            default -> new LossWeighting.Uniform();
        };
        var target = trainer.preconditionOutputs() ? Model.Prediction.CLEAN : Model.Prediction.VELOCITY;
        return new Losses.Flow(1, density, shift(config), target, weighting, 0.05);
    }

    // ---- notes

    private static List<String> notes(ReferenceConfig config) {
        var notes = ImmutableList.<String>builder();
        notes.add(
                "data.batch_size is that of one process there, and batch that of the whole step here: for N processes set "
                        + "stages.train.batch="
                        + config.data().batchSize() * config.trainer().gradientAccumulationSteps() + "·N");
        var trainer = config.trainer();
        if (trainer.cacheDir() != null) notes.add("trainer.cache_dir has no counterpart: nothing is compiled by XLA");
        if (trainer.project() != null) notes.add("trainer.project has no counterpart: nothing is sent to Weights & Biases");
        if (config.data().devicePrefetchSize() != null) notes.add("data.device_prefetch_size has no counterpart: it is a TPU loader's");
        if (config.data().loaderPrefetchSize() != null) notes.add("data.loader_prefetch_size has no counterpart: it is a TPU loader's");
        if (!trainer.weightingScheme().equals("mode")) notes.add("trainer.mode_scale is read with the weighting scheme 'mode' only");
        if (!trainer.weightingScheme().equals("logit_normal"))
            notes.add("trainer.logit_mean and logit_std are read with the weighting scheme 'logit_normal' only");
        notes.add("trainer.checkpoint_dir is relative to where fusedit is started: " + trainer.checkpointDir());
        return notes.build();
    }
}
