package dev.fusedit.trainer.recipe;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableList;
import java.util.List;

public sealed interface Optimizer {
    /// Adam with decoupled weight decay.
    @Named("adamw")
    record AdamW(@Default("[0.9, 0.999]") List<Double> betas, @Default("1e-8") double eps, @Default("0") double weightDecay)
            implements Optimizer {
        public AdamW {
            boolean twoBetas = betas.size() == 2 && betas.stream().allMatch(beta -> beta >= 0 && beta < 1);
            checkArgument(twoBetas, "betas must be two numbers from 0 to below 1, but is %s", betas);
            checkArgument(eps > 0, "eps must be more than 0, but is %s", eps);
            checkArgument(weightDecay >= 0, "weight_decay must not be negative, but is %s", weightDecay);
            betas = ImmutableList.copyOf(betas);
        }
    }
}
