package dev.fusedit.trainer.run;

import com.google.common.util.concurrent.Uninterruptibles;
import dev.fusedit.torch.StartingMemory;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.distributed.ProcessGroup;
import dev.fusedit.torch.distributed.Word;
import dev.fusedit.trainer.checkpoint.Checkpoint;
import dev.fusedit.trainer.checkpoint.RunFolder;
import dev.fusedit.trainer.data.Batches;
import dev.fusedit.trainer.data.shards.CacheLocks;
import dev.fusedit.trainer.data.shards.ShardSettings.Pipes;
import dev.fusedit.trainer.model.RecipeTokenizers;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.stage.DataMark;
import dev.fusedit.trainer.stage.ProcessFigures;
import dev.fusedit.trainer.stage.RecipeData;
import dev.fusedit.trainer.stage.Resumption;
import dev.fusedit.trainer.stage.RunTensors;
import dev.fusedit.trainer.stage.RankFiles;
import dev.fusedit.trainer.stage.StageLoop;
import dev.fusedit.trainer.stage.StageParts;
import dev.fusedit.trainer.stage.StagePlan;
import dev.fusedit.trainer.stage.cache.TrainingCache;
import dev.fusedit.trainer.step.DivergedException;
import dev.fusedit.trainer.step.Ranks;
import dev.fusedit.trainer.step.StepOutOfMemory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What the processes of a run do whose rank is not 0: the steps that [TrainingRun] has them do, on slices of their own. They read the run's
/// folder and write nothing into it, but for samples that turn out to be bad, and their parts of checkpoints.
///
/// Everything here happens on the calling thread, which is the one that runs torch.
public final class FollowingRun implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(FollowingRun.class);
    private static final int LATE_SECONDS = 30;

    private final Ranks ranks;
    private final @Nullable Resumption resumption;
    private final List<StagePlan> plans;
    private final RunTensors tensors;
    private final StageParts parts;
    private final Opened opened = new Opened();
    private @Nullable StageLoop loop;

    private FollowingRun(Order.Start start, Pipes pipes, Ranks ranks, Consumer<String> said) {
        this.ranks = ranks;
        var recipe = Recipe.parse(start.recipe(), "of rank 0", List.of());
        try {
            resumption = start.checkpoint().map(folder -> Resumption.of(seen(folder), recipe)).orElse(null);
            plans = resumption == null ? StagePlan.of(recipe) : resumption.plans();
            var tokenizer = resumption == null ? RecipeTokenizers.of(recipe) : RecipeTokenizers.of(recipe, resumption.checkpoint());
            var data =
                    opened.add(RecipeData.open(recipe, tokenizer, pipes, RunFolder.dataErrors(start.folder(), ranks.group().rank()), said),
                            Batches::close);
            if (resumption != null) DataMark.requireSame(resumption.checkpoint(), data);
            tensors = opened.add(RunTensors.of(recipe, tokenizer, resumption, ranks, _ -> {}), RunTensors::close);
            opened.add(TrainingCache.reading(recipe), CacheLocks.Held::close);
            parts = new StageParts(recipe, TrainingCache.of(recipe, data, tensors.bundle()), tensors, plans, ranks);
            StartingMemory.giveBack();
            opened.add(TensorScope.open(), TensorScope::close);
            var agreement = new RankAgreement(ranks.group());
            agreement.requireSameData(data);
            agreement.shareWeights(tensors);
        } catch (RuntimeException e) {
            opened.closeBeside(e);
            throw e;
        }
    }

    /// On a shared folder another machine may see it later than rank 0 does.
    private static Checkpoint seen(Path folder) {
        for (int seconds = 0; seconds < LATE_SECONDS; seconds++) {
            try {
                return Checkpoint.open(folder);
            } catch (UserError _) {
                Uninterruptibles.sleepUninterruptibly(Duration.ofSeconds(1));
            }
        }
        return Checkpoint.open(folder);
    }

    /// Does what rank 0 says, until it says that the run has ended.
    ///
    /// @param pipes whether commands that the recipe names are run
    /// @param said told of samples that cannot be read
    /// @return the status of rank 0's process
    /// @throws dev.fusedit.torch.distributed.PeerLost if another process is gone
    public static int follow(Ranks ranks, Pipes pipes, Consumer<String> said) {
        return switch (ranks.group().hear()) {
            case Word.Message(var bytes) -> switch (Order.of(bytes)) {
                case Order.Start start -> {
                    try (var run = new FollowingRun(start, pipes, ranks, said)) {
                        yield run.follow(ranks.group());
                    }
                }
                case Order.Stage other -> throw unexpected(other);
                case Order.Step other -> throw unexpected(other);
                case Order.Remembered other -> throw unexpected(other);
                case Order.Shards other -> throw unexpected(other);
            };
            case Word.End(int status) -> status;
        };
    }

    private static IllegalStateException unexpected(Order order) { return new IllegalStateException("rank 0 says out of turn: " + order); }

    private int follow(ProcessGroup group) {
        while (true) {
            switch (group.hear()) {
                case Word.Message(var bytes) -> obey(Order.of(bytes));
                case Word.End(int status) -> {
                    LOG.debug("{} MiB at most", ProcessFigures.peakMiB());
                    return status;
                }
            }
        }
    }

    private void obey(Order order) {
        switch (order) {
            case Order.Stage(int stage, long first, boolean restored) -> begin(plans.get(stage), first, restored);
            case Order.Step() -> step();
            case Order.Remembered(boolean moments) -> send(moments);
            case Order.Shards(var folder) -> RankFiles.write(folder, tensors.own(), ranks.group());
            case Order.Start start -> throw unexpected(start);
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
            // rank 0 has thrown the same: it saves, asking for what is remembered here, and ends the run
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
        opened.close();
    }
}
