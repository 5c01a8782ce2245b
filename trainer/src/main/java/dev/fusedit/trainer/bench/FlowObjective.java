package dev.fusedit.trainer.bench;

import dev.fusedit.fusion.dit.ForwardOptions;
import dev.fusedit.fusion.dit.ImageModel;
import dev.fusedit.fusion.flow.FlowMatching;
import dev.fusedit.fusion.llm.Prompt;
import dev.fusedit.nn.ForwardHooks;
import dev.fusedit.nn.ops.WholeGradients;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Factor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.distributed.ProcessGroup;
import dev.fusedit.trainer.step.LossTensors;
import dev.fusedit.trainer.step.Objective;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/// Flow matching on a workload's latents, as the paper trains.
///
/// @param model over a lane's weights
/// @param compute what it computes in
record FlowObjective(ImageModel model, DType compute, FlowMatching flow) implements Objective<BenchModel, FlowObjective.Part> {
    /// @param share of the batch
    record Part(FlowMatching.Noised noised, Prompt prompt, double share) {}

    FlowObjective(ImageModel model, DType compute) { this(model, compute, FlowMatching.ofThePaper()); }

    @Override
    public List<Part> parts(BenchModel batch, long step, int count, ProcessGroup ranks) {
        var noised = flow.noised(batch.latents(), Work.SEED.derive("step", step));
        int samples = batch.prompt().batch();
        int parts = Math.min(count, samples);
        return IntStream.range(0, parts).mapToObj(i -> part(batch, noised, i * samples / parts, (i + 1) * samples / parts)).toList();
    }

    private static Part part(BenchModel batch, FlowMatching.Noised noised, int first, int end) {
        return new Part(noised.rows(first, end - first), batch.prompt().rows(IntStream.range(first, end).toArray()),
                (double) (end - first) / batch.prompt().batch());
    }

    @Override
    public LossTensors backward(Part part, Factor scale, WholeGradients whole) {
        return TensorScope.scoped(() -> {
            try (var pass = model.pass(false)) {
                var read = pass.text(part.prompt(), false);
                var image = pass.image(part.noised().noisy().to(compute), part.noised().timesteps_B(), read, null, ForwardOptions.NONE);
                var loss = flow.loss(image.prediction(), part.noised()).mul(part.share());
                pass.backward(scale.times(loss), whole);
                return LossTensors.of(loss, Map.of("flow", loss));
            }
        });
    }

    @Override
    public void watch(Part part, ForwardHooks hooks) {
        var text = model.text(part.prompt(), false, hooks);
        model.image(part.noised().noisy().to(compute), part.noised().timesteps_B(), text, null, hooks);
    }
}
