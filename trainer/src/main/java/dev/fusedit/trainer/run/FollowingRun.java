package dev.fusedit.trainer.run;

import dev.fusedit.torch.StartingMemory;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.distributed.ProcessGroup;
import dev.fusedit.trainer.checkpoint.Checkpoint;
import dev.fusedit.trainer.checkpoint.RunFolder;
import dev.fusedit.trainer.data.Batches;
import dev.fusedit.trainer.data.shards.ShardSettings.Pipes;
import dev.fusedit.trainer.model.RecipeTokenizers;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.stage.DataMark;
import dev.fusedit.trainer.stage.RecipeData;
import dev.fusedit.trainer.stage.Resumption;
import dev.fusedit.trainer.stage.RunTensors;
import dev.fusedit.trainer.stage.StageLoop;
import dev.fusedit.trainer.stage.StageParts;
import dev.fusedit.trainer.stage.StagePlan;
import dev.fusedit.trainer.step.DivergedException;
import dev.fusedit.trainer.step.Ranks;
import dev.fusedit.trainer.step.StepOutOfMemory;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// What the processes of a run do whose rank is not 0: the steps that [TrainingRun] has them do, on slices of their own. They read the run's
/// folder and write nothing into it, but for samples that turn out to be bad.
///
/// Everything here happens on the calling thread, which is the one that runs torch.
public final class FollowingRun implements AutoCloseable {
    private final Ranks ranks;
    private final @Nullable Resumption resumption;
    private final List<StagePlan> plans;
    private final Batches data;
    private final RunTensors tensors;
    private final StageParts parts;
    private final TensorScope scope;
    private @Nullable StageLoop loop;

    private FollowingRun(Order.Start start, Pipes pipes, Ranks ranks, Consumer<String> said) {
        this.ranks = ranks;
        var recipe = Recipe.parse(start.recipe(), "of rank 0", List.of());
        resumption = start.checkpoint().map(folder -> Resumption.of(Checkpoint.open(folder), recipe)).orElse(null);
        plans = resumption == null ? StagePlan.of(recipe) : resumption.plans();
        var tokenizer = resumption == null ? RecipeTokenizers.of(recipe) : RecipeTokenizers.of(recipe, resumption.checkpoint());
        data = RecipeData.open(recipe, tokenizer, pipes, RunFolder.dataErrors(start.folder(), ranks.group().rank()), said);
        if (resumption != null) DataMark.requireSame(resumption.checkpoint(), data);
        tensors = RunTensors.of(recipe, tokenizer, resumption, ranks, _ -> {});
        parts = new StageParts(recipe, data, tensors, plans, ranks);
        StartingMemory.giveBack();
        scope = TensorScope.open();
        var agreement = new RankAgreement(ranks.group());
        agreement.requireSameData(data);
        agreement.shareWeights(tensors);
    }

    /// Does what rank 0 says, until it says that the run has ended.
    ///
    /// @param pipes whether commands that the recipe names are run
    /// @param said told of samples that cannot be read
    /// @return the status of rank 0's process
    /// @throws dev.fusedit.torch.distributed.PeerLost if another process is gone
    public static int follow(Ranks ranks, Pipes pipes, Consumer<String> said) {
        return switch (Order.take(ranks.group())) {
            case Order.Start start -> {
                try (var run = new FollowingRun(start, pipes, ranks, said)) {
                    yield run.follow(ranks.group());
                }
            }
            case Order.End(int status) -> status;
            case Order.Stage stage -> throw new IllegalStateException(stage + " before the start");
            case Order.Step step -> throw new IllegalStateException(step + " before the start");
            case Order.Remembered remembered -> throw new IllegalStateException(remembered + " before the start");
        };
    }

    /// Lets the other processes end: what rank 0 says last.
    ///
    /// @param status that theirs end with
    public static void release(ProcessGroup group, int status) { Order.give(group, new Order.End(status)); }

    private int follow(ProcessGroup group) {
        while (true) {
            switch (Order.take(group)) {
                case Order.Stage(int stage, long first, boolean restored) -> begin(plans.get(stage), first, restored);
                case Order.Step() -> step();
                case Order.Remembered(boolean moments) -> send(moments);
                case Order.End(int status) -> {
                    return status;
                }
                case Order.Start start -> throw new IllegalStateException("a second start: " + start);
            }
        }
    }

    private void begin(StagePlan plan, long first, boolean restored) {
        if (loop != null) loop.close();
        loop = parts.loop(plan, first, tensors.emaWeights(), tensors.optimizerState());
        if (restored && resumption != null) loop.restoreRules(resumption.state().loop());
    }

    /// What all ranks have found to be wrong rank 0 tells, and ends the run.
    private void step() {
        if (loop == null) throw new IllegalStateException("a step before the first stage");
        try {
            loop.step();
        } catch (DivergedException | StepOutOfMemory _) {
            // rank 0 has thrown the same: it saves, and its next order is the end
        }
    }

    private void send(boolean moments) {
        try (var _ = TensorScope.open()) {
            tensors.remembered(ranks, moments);
        }
    }

    @Override
    public void close() {
        if (loop != null) loop.close();
        scope.close();
        tensors.close();
        data.close();
    }
}
