package dev.fusedit.trainer.stage;

import dev.fusedit.fusion.text.Tokenizer;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.align.Alignments;
import dev.fusedit.trainer.checkpoint.CheckpointFiles;
import dev.fusedit.trainer.model.FrozenFiles;
import dev.fusedit.trainer.model.ModelBundle;
import dev.fusedit.trainer.model.Precisions;
import dev.fusedit.trainer.model.SavedModel;
import dev.fusedit.trainer.model.StartingWeights;
import dev.fusedit.trainer.optim.EmaWeights;
import dev.fusedit.trainer.optim.OptimizerState;
import dev.fusedit.trainer.optim.ParameterOwners;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.stage.cache.TrainingCache;
import dev.fusedit.trainer.step.Ranks;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// All tensors that a run changes, and owns: weights, their average, and what the optimizer remembers.
///
/// @param emaWeights empty where no stage has kept one yet
/// @param optimizerState of the present stage's optimizer
/// @param alignments what alignment losses learn is among the bundle's weights, their teachers are not
/// @param frozen files that hold what of it never changes
/// @param owners of what average and optimizer remember, where that lies in several processes
public record RunTensors(ModelBundle bundle, EmaWeights emaWeights, OptimizerState optimizerState, Alignments alignments,
        FrozenFiles frozen, ParameterOwners owners) implements AutoCloseable {
    /// As they are in a checkpoint, or else as a recipe's first step finds them.
    ///
    /// @throws UserError if what is read does not fit the recipe's model
    public static RunTensors of(Recipe recipe, Tokenizer tokenizer, @Nullable Resumption from) {
        return of(recipe, tokenizer, from, Ranks.ALONE, _ -> {});
    }

    /// As [#of(Recipe, Tokenizer, Resumption)].
    ///
    /// @param ranks among which they may be shared out
    /// @param said told in sentences what is taken from files, or accepted
    public static RunTensors of(Recipe recipe, Tokenizer tokenizer, @Nullable Resumption from, Ranks ranks, Consumer<String> said) {
        var seed = Seed.of(recipe.run().seed()).derive("weights");
        if (from != null) {
            var frozen = SavedModel.referred(from.checkpoint(), recipe);
            var placed = frozen.placed(recipe);
            var tensors =
                    of(recipe, StartingWeights.resumed(placed, tokenizer, from.checkpoint(), Precisions.of(recipe), seed), frozen, ranks);
            return tensors.filled(() -> tensors.read(from));
        }
        var start = StartingWeights.of(recipe, said);
        var tensors = of(recipe, start.bundle(tokenizer, Precisions.of(recipe), seed), FrozenFiles.of(recipe), ranks);
        return tensors.filled(() -> start.read(tensors.bundle));
    }

    private static RunTensors of(Recipe recipe, ModelBundle bundle, FrozenFiles frozen, Ranks ranks) {
        var alignments = alignments(recipe, bundle);
        return new RunTensors(bundle, new EmaWeights(), new OptimizerState(), alignments, frozen,
                ranks.isSharded() ? owners(recipe, bundle, ranks) : ParameterOwners.ALL);
    }

    private static ParameterOwners owners(Recipe recipe, ModelBundle bundle, Ranks ranks) {
        var counts = new LinkedHashMap<String, Long>();
        bundle.weights().all().forEach(parameter -> counts.put(parameter.name(), parameter.master().numel()));
        return StageOwners.of(recipe, counts, ranks.count(), ranks.group().rank());
    }

    /// What average and optimizer remember, of all processes.
    ///
    /// @param averages by parameter, f32
    /// @param moments by parameter and kind; empty where they were not asked for
    public record Remembered(Map<String, Tensor> averages, Map<String, Tensor> moments) {}

    /// What this process remembers, or its part of it.
    public Remembered own() { return new Remembered(emaWeights.averages(), optimizerState.state()); }

    /// What all processes remember: on rank 0, where the others' is the innermost scope's. All of them call it.
    ///
    /// @param moments whether those of the optimizer are wanted too
    public Remembered remembered(Ranks ranks, boolean moments) {
        if (!ranks.isSharded()) return new Remembered(emaWeights.averages(), moments ? optimizerState.state() : Map.of());
        return new Remembered(Shards.onFirst(ranks.group(), emaWeights.averages()),
                moments ? Shards.onFirst(ranks.group(), optimizerState.state()) : Map.of());
    }

    /// Weights by name that a checkpoint holds: all but those that a file holds for good.
    Map<String, Tensor> state(Recipe recipe) {
        var state = new LinkedHashMap<>(bundle.weights().state());
        state.keySet().removeIf(name -> frozen.hold(name, recipe));
        return state;
    }

    private RunTensors filled(Runnable reading) {
        try {
            reading.run();
            return this;
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    private static Alignments alignments(Recipe recipe, ModelBundle bundle) {
        try {
            return new Alignments(recipe.stages(), bundle.weights(), bundle.model().dit().config().width(),
                    bundle.model().llm().config().hidden(), TrainingCache.teachers(recipe));
        } catch (RuntimeException e) {
            bundle.close();
            throw e;
        }
    }

    private void read(Resumption from) {
        var checkpoint = from.checkpoint();
        SavedModel.readWeights(checkpoint, bundle, frozen);
        CheckpointFiles.tensors(checkpoint, CheckpointFiles.AVERAGE).ifPresent(file -> {
            try (file) {
                emaWeights.load(file, from.state().averageUpdates(), bundle.weights(), owners::has);
            }
        });
        if (!from.ofThisOptimizer()) {
            return;
        }
        try (var file = CheckpointFiles.requiredTensors(checkpoint, CheckpointFiles.OPTIMIZER)) {
            optimizerState.load(file, from.state().loop().optimizerSteps(), bundle.weights(), owners::has);
        }
    }

    @Override
    public void close() {
        emaWeights.close();
        optimizerState.close();
        alignments.close();
        bundle.close();
    }
}
