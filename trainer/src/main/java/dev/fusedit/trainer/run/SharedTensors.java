package dev.fusedit.trainer.run;

import dev.fusedit.torch.TensorScope;
import dev.fusedit.trainer.optim.EmaScope;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.recipe.Sampling;
import dev.fusedit.trainer.stage.RunSnapshot;
import dev.fusedit.trainer.stage.RunTensors;
import dev.fusedit.trainer.stage.RankFiles;
import dev.fusedit.trainer.stage.SnapshotFiles;
import dev.fusedit.trainer.step.Ranks;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// A run's tensors, of which other processes may remember a part: who needs the whole asks them for it, and they follow by the same [Order]s.
///
/// All methods belong to the thread that runs torch, of the first process.
///
/// @param tensors stay their owner's
record SharedTensors(Recipe recipe, RunTensors tensors, Ranks ranks) {
    /// The others do this too.
    void tell(Order order) {
        if (!ranks.group().isAlone()) ranks.group().tell(Order.bytes(order));
    }

    /// @param moments whether the optimizer's are wanted, beside the average
    RunTensors.Remembered remembered(boolean moments) {
        if (ranks.isSharded()) tell(new Order.Remembered(moments));
        return tensors.remembered(ranks, moments);
    }

    /// What a checkpoint is to hold of it: written by each process itself where it lies in several, else gathered here.
    ///
    /// @param shards where it is written
    Consumer<SnapshotFiles> saved(ShardedCheckpoints shards, long step) {
        var folder = ranks.isSharded() ? shards.begin(step, ranks.count()) : Optional.<Path>empty();
        return folder.flatMap(place -> {
            tell(new Order.Shards(place));
            var written = RankFiles.write(place, tensors.own(), ranks.group());
            return shards.areAllThere(place, written) ? Optional.of(RunSnapshot.written(place, written)) : Optional.empty();
        }).orElseGet(() -> RunSnapshot.gathered(remembered(true)));
    }

    /// Runs `body` with the weights that images are sampled with: the average, if the recipe says so.
    <T> T withSampledWeights(Supplier<T> body) {
        if (recipe.sampling().weights() == Sampling.Weights.RAW) return body.get();
        try (var _ = averaged()) {
            return body.get();
        }
    }

    /// Without an average the weights stay as they are.
    private EmaScope averaged() {
        try (var _ = TensorScope.open()) {
            return new EmaScope(tensors.bundle().weights(), remembered(false).averages());
        }
    }
}
