package dev.fusedit.trainer.optim;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.Lanes;
import java.util.List;

/// What makes weights of gradients. A parameter that is in no update of a step is left alone, its weight decay and its count of steps
/// included.
///
/// All that an optimizer remembers is in its [OptimizerState], which belongs to its maker: it goes from stage to stage, and into
/// checkpoints.
public sealed interface Optimizer permits AdamW, Adafactor, Muon {
    /// Changes the weights of the updates in place.
    default void step(List<Update> updates) { step(updates, Gate.OPEN); }

    /// As [#step(List)], if the gate lets it.
    void step(List<Update> updates, Gate gate);

    OptimizerState optimizerState();

    /// The optimizer that a recipe asks for.
    ///
    /// @param matmulDType in what Muon multiplies matrices
    /// @param lanes it makes matrices orthogonal in
    static Optimizer of(dev.fusedit.trainer.recipe.OptimizerRecipe settings, OptimizerState optimizerState, DType matmulDType,
            Lanes lanes) {
        return switch (settings) {
            case dev.fusedit.trainer.recipe.OptimizerRecipe.AdamW adamW ->
                    new AdamW(adamW.betas().getFirst(), adamW.betas().getLast(), adamW.eps(), optimizerState);
            case dev.fusedit.trainer.recipe.OptimizerRecipe.Adafactor adafactor ->
                    new Adafactor(adafactor.decayRate(), adafactor.eps(), adafactor.clipThreshold(), optimizerState);
            case dev.fusedit.trainer.recipe.OptimizerRecipe.Muon muon ->
                    new Muon(muon.momentum(), muon.newtonSchulzSteps(), matmulDType, lanes,
                            new AdamW(muon.betas().getFirst(), muon.betas().getLast(), muon.eps(), optimizerState));
        };
    }
}
