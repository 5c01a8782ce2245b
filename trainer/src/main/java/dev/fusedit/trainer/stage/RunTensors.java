package dev.fusedit.trainer.stage;

import dev.fusedit.fusion.text.Tokenizer;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.SafeTensors;
import dev.fusedit.trainer.align.Alignments;
import dev.fusedit.trainer.optim.Moments;
import dev.fusedit.trainer.optim.MovingAverage;
import dev.fusedit.trainer.recipe.Recipe;
import org.jspecify.annotations.Nullable;

/// All tensors that a run changes, and owns: weights, their average, and what the optimizer remembers.
///
/// @param average empty where no stage has kept one yet
/// @param moments of the present stage's optimizer
/// @param alignments what alignment losses learn is among the trainee's weights, their teachers are not
record RunTensors(Trainee trainee, MovingAverage average, Moments moments, Alignments alignments) implements AutoCloseable {
    /// As they are in a checkpoint, or else as a recipe's first step finds them.
    ///
    /// @throws UserError if what is read does not fit the recipe's model
    static RunTensors of(Recipe recipe, Tokenizer tokenizer, @Nullable Resumption from) {
        var trainee = Trainee.fresh(recipe, tokenizer, Precisions.of(recipe), Seed.of(recipe.run().seed()).derive("weights"));
        var tensors = new RunTensors(trainee, new MovingAverage(), new Moments(), alignments(recipe, trainee));
        try {
            if (from != null) {
                tensors.read(from);
            } else {
                StartingWeights.read(recipe, trainee);
            }
            return tensors;
        } catch (RuntimeException e) {
            tensors.close();
            throw e;
        }
    }

    private static Alignments alignments(Recipe recipe, Trainee trainee) {
        try {
            return new Alignments(recipe.stages(), trainee.weights(), trainee.model().dit().config().width(),
                    trainee.model().llm().config().hidden());
        } catch (RuntimeException e) {
            trainee.close();
            throw e;
        }
    }

    private void read(Resumption from) {
        var checkpoint = from.checkpoint();
        SavedModel.readWeights(checkpoint, trainee);
        if (checkpoint.has(CheckpointFiles.AVERAGE)) {
            try (var file = SafeTensors.open(checkpoint.file(CheckpointFiles.AVERAGE))) {
                average.load(file, from.state().averageUpdates(), trainee.weights());
            }
        }
        if (!from.ofThisOptimizer()) {
            return;
        }
        CheckpointFiles.requireIn(checkpoint, CheckpointFiles.OPTIMIZER);
        try (var file = SafeTensors.open(checkpoint.file(CheckpointFiles.OPTIMIZER))) {
            moments.load(file, from.state().loop().optimizerSteps(), trainee.weights());
        }
    }

    @Override
    public void close() {
        average.close();
        moments.close();
        alignments.close();
        trainee.close();
    }
}
