package dev.fusedit.trainer.plan;

import com.google.common.base.Supplier;
import com.google.common.base.Suppliers;
import dev.fusedit.trainer.pace.StepEstimate;
import dev.fusedit.trainer.recipe.Run;
import dev.fusedit.trainer.stage.StagePlan;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Collectors;

/// Steps that a CPU takes a long time for, by a plan's calibration instead of a trial: matmuls of the recipe's shapes, at most 20 s for all
/// stages together, and only if there is such a stage.
public final class LongSteps implements StepEstimate {
    /// At 100 GFLOP/s these take 10 s.
    private static final double FLOPS = 1e12;
    private static final int REMEDIES = 3;

    private final Plan plan;
    private final Supplier<Calibration> speed;

    /// @param plan of the recipe, or of the same one with other steps
    public LongSteps(Plan plan) {
        this.plan = plan;
        speed = Suppliers.memoize(() -> Calibration.of(plan.recipe(), plan.stages()));
    }

    @Override
    public OptionalDouble seconds(StagePlan stage) {
        var estimate = plan.stages().get(stage.index());
        boolean isLong = plan.recipe().run().device() == Run.Device.CPU && estimate.work().flops() > FLOPS;
        return isLong ? OptionalDouble.of(speed.get().secondsPerStep(estimate)) : OptionalDouble.empty();
    }

    @Override
    public Optional<String> memory(StagePlan stage) {
        var parts = plan.stages().get(stage.index()).memory().sentence();
        var cheapest = plan.cheapest(stage.index(), REMEDIES).stream().map(remedy -> "\n  " + remedy).collect(Collectors.joining());
        return Optional.of(parts + (cheapest.isEmpty() ? "" : " What takes less and costs least:" + cheapest));
    }
}
