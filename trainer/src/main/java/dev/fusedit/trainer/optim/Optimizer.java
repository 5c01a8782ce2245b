package dev.fusedit.trainer.optim;

import dev.fusedit.torch.DType;
import java.util.List;

/// What makes weights of gradients. A parameter that is in no update of a step is left alone, its weight decay and its count of steps
/// included.
///
/// All that an optimizer remembers is in its [Moments], which belong to whoever made them: they go from stage to stage, and into
/// checkpoints.
public sealed interface Optimizer permits AdamW, Adafactor, Muon {
    /// Changes the weights of the updates in place.
    void step(List<Update> updates);

    Moments moments();

    /// The optimizer that a recipe asks for.
    ///
    /// @param matmulDType in what Muon multiplies matrices
    static Optimizer of(dev.fusedit.trainer.recipe.Optimizer settings, Moments moments, DType matmulDType) {
        return switch (settings) {
            case dev.fusedit.trainer.recipe.Optimizer.AdamW adamW ->
                    new AdamW(adamW.betas().getFirst(), adamW.betas().getLast(), adamW.eps(), moments);
            case dev.fusedit.trainer.recipe.Optimizer.Adafactor adafactor ->
                    new Adafactor(adafactor.decayRate(), adafactor.eps(), adafactor.clipThreshold(), moments);
            case dev.fusedit.trainer.recipe.Optimizer.Muon muon -> new Muon(muon.momentum(), muon.newtonSchulzSteps(), matmulDType,
                    new AdamW(muon.betas().getFirst(), muon.betas().getLast(), muon.eps(), moments));
        };
    }
}
