package dev.fusedit.trainer.bench;

import com.google.common.collect.ImmutableMap;
import dev.fusedit.fusion.flow.FlowMatchScheduler;
import dev.fusedit.fusion.flow.FlowSampler;
import dev.fusedit.fusion.flow.Guidance;
import dev.fusedit.fusion.flow.Prediction;
import dev.fusedit.fusion.flow.Solver;
import dev.fusedit.fusion.llm.Prompt;
import dev.fusedit.fusion.pipeline.TextBound;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Lanes;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.trainer.bench.PartTimes.Part;
import java.util.Map;

/// Sampling calls, without tokens and images. The branch without text has one as long all the same, so that both take the same work.
final class SampleWork implements Work {
    private final Workload.Sample workload;
    private final BenchModel model;
    private final FlowSampler sampler;
    private final int lanes;

    SampleWork(Workload.Sample workload, BenchOptions options) {
        this.workload = workload;
        lanes = options.lanes(workload);
        model = BenchModel.of(workload.shape(), options.policy().frozen());
        sampler = new FlowSampler(FlowMatchScheduler.shifted(3), new Prediction.Velocity(), Solver.EULER, workload.steps(),
                Guidance.of(workload.guidance()));
    }

    @Override
    public double repeat(int index) {
        try (var _ = TensorScope.open(); var _ = Autograd.noGrad()) {
            var read = model.model().text(both());
            var noise = Tensor.randn(SEED.derive("noise", index), DType.F32, model.latents().shape()).to(model.latents().device());
            try (var bound = new TextBound(model.model(), read, null, Lanes.of(lanes))) {
                return sampler.sample(bound, noise).abs().mean().item();
            }
        }
    }

    /// Of both branches.
    private Prompt both() { return model.prompt().and(model.prompt()); }

    @Override
    public int lanes() { return lanes; }

    @Override
    public Map<Part, Double> parts() {
        var parts = ImmutableMap.<Part, Double>builder().put(Part.TEXT, PartTimes.ofText(model, both()));
        try (var _ = TensorScope.open(); var _ = Autograd.noGrad()) {
            PartTimes.ofBlocks(model, false).forEach((part, seconds) -> parts.put(part, 2 * workload.steps() * seconds));
        }
        return parts.buildOrThrow();
    }

    @Override
    public DType weightsDtype() { return model.weights().policy().compute(); }

    @Override
    public void close() { model.close(); }
}
