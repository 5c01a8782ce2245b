package dev.fusedit.trainer.stage;

import dev.fusedit.fusion.text.WordTokenizer;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.io.SafeTensors;
import dev.fusedit.trainer.align.Alignments;
import dev.fusedit.trainer.data.Batch;
import dev.fusedit.trainer.data.PixelArrays;
import dev.fusedit.trainer.data.blocks.BlocksText;
import dev.fusedit.trainer.model.FrozenFiles;
import dev.fusedit.trainer.model.ModelBundle;
import dev.fusedit.trainer.model.Precisions;
import dev.fusedit.trainer.optim.EmaWeights;
import dev.fusedit.trainer.optim.OptimizerState;
import dev.fusedit.trainer.optim.ParameterOwners;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.step.StepLosses;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.stream.Stream;

/// One stage of a tiny recipe, to be stepped by hand: `joint`, which learns flow and captions, unless settings change it.
///
/// Weights are nowhere zero, so that gradients reach everything.
public final class TinyStage implements AutoCloseable {
    public final Recipe recipe;
    final StagePlan plan;
    public final ModelBundle bundle;
    final Alignments alignments;
    final EmaWeights emaWeights = new EmaWeights();
    final OptimizerState optimizerState = new OptimizerState();
    private final RunTensors tensors;
    private final StageParts parts;

    /// @param sampled whether weights are nowhere zero, or those that training begins with
    private TinyStage(Recipe recipe, BiFunction<Recipe, WordTokenizer, ModelBundle> build, boolean drawn) {
        this.recipe = recipe;
        plan = StagePlan.of(recipe).getLast();
        var tokenizer = WordTokenizer.of(BlocksText.words());
        bundle = build.apply(recipe, tokenizer);
        alignments = new Alignments(recipe.stages(), bundle.weights(), bundle.model().dit().config().width(),
                bundle.model().llm().config().hidden());
        if (drawn) {
            generate();
        }
        tensors = new RunTensors(bundle, emaWeights, optimizerState, alignments, FrozenFiles.NONE, ParameterOwners.ALL);
        parts = new StageParts(recipe, RecipeData.like(recipe, tokenizer), tensors);
    }

    private void generate() {
        bundle.weights().all().forEach(parameter -> {
            var random =
                    Tensor.randn(Seed.of(2).derive(parameter.name()), dev.fusedit.torch.DType.F32, parameter.master().shape()).mul(0.2);
            parameter.master().copyInPlace(random);
            parameter.compute().copyInPlace(random);
        });
    }

    public static TinyStage of(String... settings) { return of(TinyStage::fresh, settings); }

    /// With the weights that training begins with.
    static TinyStage fresh(String... settings) { return new TinyStage(recipe(settings), TinyStage::fresh, false); }

    private static ModelBundle fresh(Recipe recipe, WordTokenizer tokenizer) {
        return ModelBundle.fresh(recipe, tokenizer, Precisions.of(recipe), Seed.of(1));
    }

    /// On libtorch's meta device, where shapes are worked out and nothing is computed.
    public static TinyStage onMeta(String... settings) {
        return of((recipe, tokenizer) -> ModelBundle.fresh(recipe, tokenizer, Precisions.of(recipe).on(Device.META), Seed.of(1)), settings);
    }

    public static TinyStage of(BiFunction<Recipe, WordTokenizer, ModelBundle> build, String... settings) {
        return new TinyStage(recipe(settings), build, true);
    }

    private static Recipe recipe(String... settings) {
        return Recipe.find("tests/minimal",
                Stream.concat(Stream.of("stages.joint.steps=12", "stages.joint.batch=8"), Stream.of(settings)).toList());
    }

    public StageLoop loop() { return loop(0); }

    public StageLoop loop(long first) { return parts.loop(plan, first, emaWeights, optimizerState); }

    public StepLosses losses() { return parts.losses(plan, bundle.weights()); }

    public Batch batch(long step) { return parts.batches(plan).of(step, new PixelArrays()); }

    /// Copies of all that a step may change: weights, averages, moments.
    public Map<String, Tensor> everything() {
        var all = new LinkedHashMap<String, Tensor>();
        bundle.weights().all().forEach(parameter -> {
            all.put("master " + parameter.name(), parameter.master().detach().copy());
            all.put("compute " + parameter.name(), parameter.compute().detach().copy());
        });
        emaWeights.averages().forEach((name, value) -> all.put("average " + name, value.copy()));
        optimizerState.state().forEach((name, value) -> all.put("moment " + name, value.copy()));
        return all;
    }

    /// Names in which two states differ.
    public static List<String> differences(Map<String, Tensor> a, Map<String, Tensor> b) {
        return Stream.concat(a.keySet().stream(), b.keySet().stream()).distinct()
                .filter(name -> !a.containsKey(name) || !b.containsKey(name) || !a.get(name).sameValues(b.get(name))).toList();
    }

    void save(Path folder, StageLoop loop) {
        try {
            SafeTensors.write(folder.resolve("model"), bundle.weights().state(), Map.of());
            SafeTensors.write(folder.resolve("ema"), emaWeights.averages(), Map.of());
            SafeTensors.write(folder.resolve("optimizer"), optimizerState.state(), Map.of());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// A loop that goes on from a step.
    StageLoop resumed(Path folder, long first, StageState state, long averageUpdates) {
        try (var model = SafeTensors.open(folder.resolve("model"));
                var ema = SafeTensors.open(folder.resolve("ema"));
                var optimizer = SafeTensors.open(folder.resolve("optimizer"))) {
            bundle.weights().load(model, name -> name);
            emaWeights.load(ema, averageUpdates, bundle.weights());
            optimizerState.load(optimizer, state.step().optimizerSteps(), bundle.weights());
            var loop = loop(first);
            loop.restoreRules(state);
            return loop;
        }
    }

    @Override
    public void close() {
        tensors.close();
    }
}
