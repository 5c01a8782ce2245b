package dev.fusedit.trainer.recipe;

import static dev.fusedit.fusion.config.Rules.checkArgument;

import com.google.common.collect.ImmutableList;
import dev.fusedit.fusion.config.Bound;
import dev.fusedit.fusion.config.Default;
import dev.fusedit.fusion.config.Doc;
import dev.fusedit.fusion.config.Named;
import java.util.List;

/// What makes steps of gradients. A parameter without a gradient is left alone in a step, its weight decay included.
public sealed interface OptimizerRecipe {
    /// Takes `lr · weight_decay` of a weight away in each step.
    double weightDecay();

    /// Which weights decay.
    Decay decay();

    @Doc("Adam with decoupled weight decay.")
    @Named("adamw")
    record AdamW(@Default("[0.9, 0.999]") List<Double> betas, @Default("1e-8") double eps, @Default("0") double weightDecay,
            @Default("all") Decay decay) implements OptimizerRecipe {
        public AdamW {
            checkBetas(betas);
            Bound.POSITIVE.check("eps", eps);
            checkDecay(weightDecay);
            betas = ImmutableList.copyOf(betas);
        }
    }

    @Doc("Second moments as row and column means: Shazeer and Stern 2018 (https://arxiv.org/abs/1804.04235), without momentum, with "
            + "learning rates as given (no relative steps).")
    record Adafactor(
            @Doc("the second moment's decay at step t is 1 − t^decay_rate") @Default("-0.8") double decayRate,
            @Default("1e-30") double eps,
            @Doc("largest root mean square of an update") @Default("1") double clipThreshold,
            @Default("0") double weightDecay,
            @Default("all") Decay decay) implements OptimizerRecipe {
        public Adafactor {
            checkArgument(decayRate < 0 && decayRate >= -1 && Bound.isMeaningful(decayRate),
                    "decay_rate must be from -1 to below 0, but is %s", decayRate);
            Bound.POSITIVE.check("eps", eps);
            Bound.POSITIVE.check("clip_threshold", clipThreshold);
            checkDecay(weightDecay);
        }
    }

    @Doc("Momentum made orthogonal by Newton-Schulz steps for hidden matrices, scaled by 0.2 √max(rows, columns) to AdamW's size (Liu et "
            + "al. 2025 (https://arxiv.org/abs/2502.16982)); AdamW, with these betas and eps, for embeddings, vectors and the first "
            + "and last layer.")
    record Muon(@Default("0.95") double momentum, @Default("5") int newtonSchulzSteps, @Default("[0.9, 0.95]") List<Double> betas,
            @Default("1e-8") double eps, @Default("0") double weightDecay, @Default("all") Decay decay) implements OptimizerRecipe {
        public Muon {
            Bound.checkShare("momentum", momentum);
            Bound.LAYERS.check("newton_schulz_steps", newtonSchulzSteps);
            checkBetas(betas);
            Bound.POSITIVE.check("eps", eps);
            checkDecay(weightDecay);
            betas = ImmutableList.copyOf(betas);
        }
    }

    /// All weights, or matrices only: no norms, no biases, no embeddings.
    enum Decay { ALL, MATRICES }

    private static void checkBetas(List<Double> betas) {
        boolean twoBetas = betas.size() == 2 && betas.stream().allMatch(beta -> beta >= 0 && beta < 1);
        checkArgument(twoBetas, "betas must be two numbers from 0 to below 1, but is %s", betas);
        betas.forEach(beta -> Bound.checkShare("betas", beta));
    }

    private static void checkDecay(double weightDecay) {
        Bound.POSITIVE.checkOrNone("weight_decay", weightDecay);
    }
}
