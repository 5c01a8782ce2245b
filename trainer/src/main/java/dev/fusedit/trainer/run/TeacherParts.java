package dev.fusedit.trainer.run;

import dev.fusedit.fusion.text.WordTokenizer;
import dev.fusedit.fusion.vision.DinoFolder;
import dev.fusedit.fusion.vision.Normalization;
import dev.fusedit.fusion.vision.DinoModel;
import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.SafeTensors;
import dev.fusedit.trainer.align.TeacherConfigs;
import dev.fusedit.trainer.align.TeacherTask;
import dev.fusedit.trainer.checkpoint.Checkpoint;
import dev.fusedit.trainer.checkpoint.CheckpointFiles;
import dev.fusedit.trainer.checkpoint.Snapshot;
import dev.fusedit.trainer.data.Batches;
import dev.fusedit.trainer.data.BlocksBatches;
import dev.fusedit.trainer.data.TextIds;
import dev.fusedit.trainer.data.blocks.BlocksText;
import dev.fusedit.trainer.optim.EmaWeights;
import dev.fusedit.trainer.optim.OptimizerState;
import dev.fusedit.trainer.optim.ParameterOwners;
import dev.fusedit.trainer.optim.RateSchedule;
import dev.fusedit.trainer.recipe.Data;
import dev.fusedit.trainer.recipe.Run;
import dev.fusedit.trainer.recipe.TeacherRecipe;
import dev.fusedit.trainer.stage.RunFigures;
import dev.fusedit.trainer.stage.SnapshotFiles;
import dev.fusedit.trainer.stage.StageLoop;
import dev.fusedit.trainer.step.Ranks;
import dev.fusedit.trainer.step.TrainableParameter;
import dev.fusedit.trainer.step.TrainingStep;
import dev.fusedit.trainer.step.UpdateRule;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/// What the one stage of a teacher's training is made of: the encoder, its task, batches, and the loop over both. Owns its tensors.
///
/// A checkpoint is a Hugging Face folder of the encoder, with the recipe, the task's heads and the optimizer's moments beside.
record TeacherParts(TeacherRecipe recipe, Weights weights, DinoModel model, TeacherTask task, BlocksBatches data,
        OptimizerState optimizerState, EmaWeights none) implements AutoCloseable {
    /// Name of the stage.
    static final String STAGE = "teacher";
    private static final String HEADS = "task.safetensors";
    private static final String TASK = "task.";

    /// Untrained, or as the checkpoint has it.
    ///
    /// @throws UserError if the checkpoint does not fit the recipe
    static TeacherParts of(TeacherStart start) {
        var parts = untrained(start.recipe());
        try {
            start.checkpoint().ifPresent(checkpoint -> parts.read(checkpoint, start.ofThisOptimizer()));
            return parts;
        } catch (RuntimeException e) {
            parts.close();
            throw e;
        }
    }

    static TeacherParts untrained(TeacherRecipe recipe) {
        var tokenizer = WordTokenizer.of(BlocksText.words());
        var blocks = (Data.Blocks) recipe.data();
        var data = new BlocksBatches(blocks.seed(), blocks.mix().blocks(), blocks.samples(), blocks.shuffledCaptions(),
                new TextIds(tokenizer, Integer.MAX_VALUE));
        var weights = Weights.fresh(Seed.of(recipe.run().seed()).derive("weights"), DTypePolicy.F32);
        var model = DinoModel.of(TeacherConfigs.of(recipe), recipe.teacher().initRange(), weights);
        var task = TeacherTask.of(recipe.learning().task(), model, tokenizer.size(), weights.in("task"));
        return new TeacherParts(recipe, weights, model, task, data, new OptimizerState(), new EmaWeights());
    }

    /// The steps from `first` on.
    ///
    /// @param image position of that step's first image
    StageLoop loop(long first, long image) {
        var learning = recipe.learning();
        var rule = new UpdateRule(STAGE, 0, new RateSchedule(learning.schedule(), learning.warmUp(), learning.steps()), learning.lr(),
                learning.optimizer(), learning.gradClip(), null, null, Set.of(), Run.Precision.F32, recipe.run().seed());
        var objective = new TeacherObjective(model, task, Seed.of(recipe.run().seed()));
        var step = new TrainingStep<>(rule, first, 1, 1, Ranks.ALONE, weights, _ -> objective,
                TrainableParameter.of(learning.optimizer(), learning.lr(), weights.all()), none, optimizerState, ParameterOwners.ALL);
        var wanted = new Batches.Wanted(image - first * learning.batch(), learning.batch(), recipe.data().imageSize(), 0, 0, 0);
        return new StageLoop(rule, learning.steps(), null, first, step, (i, arrays) -> data.of(i, wanted, arrays), recipe.data().workers(),
                weights.policy().device());
    }

    // ---- checkpoints

    Snapshot snapshot(RunFigures figures) {
        return SnapshotFiles.of(files -> {
            files.text(CheckpointFiles.RECIPE, recipe.canonical());
            files.text(DinoFolder.CONFIG, model.config().json().toPrettyString() + "\n");
            files.text(DinoFolder.IMAGES, Normalization.PLAIN.json());
            files.tensors(CheckpointFiles.WEIGHTS, state(false));
            files.tensors(HEADS, state(true));
            files.tensors(CheckpointFiles.OPTIMIZER, optimizerState.state());
            files.text(CheckpointFiles.TIMES, figures.text());
        });
    }

    private Map<String, Tensor> state(boolean ofTask) {
        var state = new LinkedHashMap<>(weights.state());
        state.keySet().removeIf(name -> name.startsWith(TASK) != ofTask);
        return state;
    }

    private void read(Checkpoint checkpoint, boolean withOptimizer) {
        try (var encoder = SafeTensors.open(checkpoint.file(CheckpointFiles.WEIGHTS));
                var heads = SafeTensors.open(checkpoint.file(HEADS))) {
            weights.load(encoder, name -> name.startsWith(TASK) ? null : name);
            weights.load(heads, name -> name.startsWith(TASK) ? name : null);
        }
        if (withOptimizer) {
            readOptimizer(checkpoint);
        }
    }

    /// Each parameter that has moments has taken all steps.
    private void readOptimizer(Checkpoint checkpoint) {
        try (var file = SafeTensors.open(checkpoint.file(CheckpointFiles.OPTIMIZER))) {
            var steps = new LinkedHashMap<String, Long>();
            file.names().forEach(name -> steps.put(name.substring(0, name.lastIndexOf('.')), checkpoint.step()));
            optimizerState.load(file, steps, weights);
        }
    }

    @Override
    public void close() {
        none.close();
        optimizerState.close();
        weights.close();
    }
}
