package dev.fusedit.trainer.stage;

import com.google.common.collect.ImmutableSet;
import dev.fusedit.fusion.dit.FuseDiTConfig;
import dev.fusedit.fusion.dit.Fusion;
import dev.fusedit.fusion.dit.ShallowModelConfig;
import dev.fusedit.fusion.flow.FlowMatching;
import dev.fusedit.nn.Parameter;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Seed;
import dev.fusedit.trainer.data.Batches;
import dev.fusedit.trainer.model.RecipeModelConfigs;
import dev.fusedit.trainer.optim.EmaWeights;
import dev.fusedit.trainer.optim.OptimizerState;
import dev.fusedit.trainer.optim.ParameterOwners;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.recipe.Stage;
import dev.fusedit.trainer.step.Ranks;
import dev.fusedit.trainer.step.StepLosses;
import dev.fusedit.trainer.step.TrainableParameter;
import dev.fusedit.trainer.step.TrainingStep;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/// What the stages of a recipe are made of: losses, batches, and the loop over both.
///
/// @param tensors stay their owner's
/// @param plans of the recipe's stages
/// @param ranks the processes that share their steps
public record StageParts(Recipe recipe, Batches data, RunTensors tensors, List<StagePlan> plans, Ranks ranks) {
    /// Steps that are looked through for the largest images.
    private static final long LOOKED_THROUGH = 10_000;

    /// For a run that has not begun, in one process.
    public StageParts(Recipe recipe, Batches data, RunTensors tensors) {
        this(recipe, data, tensors, StagePlan.of(recipe), Ranks.ALONE);
    }

    /// A stage's steps from `first`, counted in the stage, on.
    ///
    /// @param emaWeights takes the weights that learn in if the stage has an average, else gives them up
    /// @param optimizerState of the stage before, or those of a checkpoint if `first` is not 0
    public StageLoop loop(StagePlan plan, long first, EmaWeights emaWeights, OptimizerState optimizerState) {
        var stage = plan.stage();
        var weights = tensors.bundle().weights();
        var trainables = TrainableParameter.of(stage, weights);
        if (first == 0) {
            takeOver(stage, trainables.stream().map(TrainableParameter::parameter).toList(), emaWeights, optimizerState, tensors.owners());
        }
        var rule = plan.rule(recipe.run(), decayedQueries());
        var step =
                new TrainingStep<>(rule, first, StagePlan.lanes(recipe.run(), stage, ranks.count()), stage.accumulation(), ranks, weights,
                        leaves -> losses(plan, leaves), trainables, emaWeights, optimizerState, tensors.owners());
        return new StageLoop(rule, plan.steps(), stage.stop(), first, step, batches(plan), recipe.data().workers(),
                weights.policy().device());
    }

    /// What goes over from the stage before.
    private static void takeOver(Stage stage, List<Parameter> parameters, EmaWeights emaWeights, OptimizerState optimizerState,
            ParameterOwners owners) {
        var names = parameters.stream().map(Parameter::name).collect(ImmutableSet.toImmutableSet());
        optimizerState.retain(name -> stage.keepOptimizer() && names.contains(name));
        if (stage.ema() == null) {
            emaWeights.forget(names::contains);
        } else {
            emaWeights.include(parameters.stream().filter(parameter -> owners.has(parameter.name())).toList());
        }
    }

    /// The reference gives the last shared layer's queries zeros as their gradient, where nothing reads them and there should be none: with
    /// joint attention AdamW lets them decay.
    private Set<String> decayedQueries() {
        return switch (recipe.run().compatibility()) {
            case NONE -> Set.of();
            case REFERENCE -> switch (tensors.bundle().model().config()) {
                case FuseDiTConfig config -> unreadQueries(config);
                case ShallowModelConfig _ -> Set.of();
            };
        };
    }

    private static Set<String> unreadQueries(FuseDiTConfig config) {
        return switch (config.fusion()) {
            case Fusion.JointSelfAttention() -> Set.of("llm.layers." + (config.textDepth() - 1) + ".self_attn.q_proj.weight");
            case Fusion.CrossAttention() -> Set.of();
            case Fusion.GatedJointAttention() -> Set.of();
        };
    }

    /// @param leaves the bundle's weights, or a replica of them
    StepLosses losses(StagePlan plan, Weights leaves) {
        var stage = plan.stage();
        var bundle = tensors.bundle();
        boolean own = leaves == bundle.weights();
        var model = (own ? bundle.model() : bundle.model().over(leaves)).masked(stage.gradientMask().mask());
        var alignments = own ? tensors.alignments() : tensors.alignments().over(leaves);
        return new StepLosses(model, stage.losses(), flow(stage), bundle.latents(), bundle.clip(), leaves.policy(),
                Seed.of(recipe.run().seed()), alignments.of(stage), plan.firstStep(), stage.checkpointing(), leaves.dropout());
    }

    @Nullable
    public FlowMatching flow(Stage stage) {
        return stage.losses().flow() == null ? null
                : RecipeModelConfigs.flow(recipe.model(), stage.losses().flow());
    }

    /// A stage's batches by their steps, counted in the stage from 0.
    public BatchOfStep batches(StagePlan plan) { return new StageBatches(recipe, data, ranks.slice()).of(plan); }

    /// The first step of a stage, from one on, whose images are of the largest size that comes: the one that takes most memory. No image is
    /// read.
    public long largest(StagePlan plan, long from) {
        var batches = new StageBatches(recipe, data, ranks.slice());
        var wanted = batches.wanted(plan);
        var source = batches.source(plan);
        if (wanted.sizes().size() == 1) return from;
        return LongStream.range(from, Math.min(plan.steps(), from + LOOKED_THROUGH)).boxed()
                .max(Comparator.<Long>comparingLong(step -> source.shown(step, wanted).size().pixels())
                        .thenComparing(Comparator.reverseOrder()))
                .orElse(from);
    }
}
