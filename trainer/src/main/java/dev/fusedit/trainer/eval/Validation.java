package dev.fusedit.trainer.eval;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Lists;
import dev.fusedit.fusion.flow.FlowMatching;
import dev.fusedit.fusion.llm.Prompt;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.data.Batches;
import dev.fusedit.trainer.data.ValidationSamples;
import dev.fusedit.trainer.model.ImageTensors;
import dev.fusedit.trainer.model.ModelBundle;
import dev.fusedit.trainer.recipe.Evaluation;
import dev.fusedit.trainer.step.StepLosses;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// How well a model does on samples that are never trained on: always the same ones, with the same noise, so that two values differ by what
/// was learned between them and by nothing else.
///
/// Noise levels lie evenly in (0, 1), so many samples in each bin. The flow loss is not weighted, so it can be compared between runs
/// whose stages draw or weight the levels otherwise. Perplexity is e to the mean cross-entropy of a token.
public final class Validation {
    private final Evaluation.Validation settings;
    private final ValidationSamples samples;
    private final int count;
    private final int batch;
    private final Seed noise;

    /// @param flow mean over the bins; null in a stage that samples nothing
    /// @param flowBins from the least noise to the most
    /// @param captionPerplexity null where the language model has no head
    public record Found(@Nullable Double flow, List<Double> flowBins, @Nullable Double captionPerplexity, @Nullable Double textPerplexity) {
        /// As rows of metrics have them.
        public Map<String, Object> values() {
            var values = ImmutableMap.<String, Object>builder();
            if (flow != null) {
                values.put("flow", flow).put("flow_bins", flowBins);
            }
            perplexities().forEach(values::put);
            return values.buildOrThrow();
        }

        /// One number each.
        public Map<String, Double> scalars() {
            var values = ImmutableMap.<String, Double>builder();
            if (flow != null) {
                values.put("flow", flow);
                for (int i = 0; i < flowBins.size(); i++) {
                    values.put("flow_bin_%s_of_%s".formatted(i + 1, flowBins.size()), flowBins.get(i));
                }
            }
            return values.putAll(perplexities()).buildOrThrow();
        }

        private Map<String, Double> perplexities() {
            return captionPerplexity == null || textPerplexity == null ? Map.of()
                    : ImmutableMap.of("caption_perplexity", captionPerplexity, "text_perplexity", textPerplexity);
        }
    }

    /// @param batch samples at once
    public Validation(Evaluation.Validation settings, Batches data, int batch) {
        this.settings = settings;
        samples = data.validation(settings.seed(), settings.samples());
        count = samples.captions().size() / settings.bins() * settings.bins();
        if (count == 0) {
            throw new UserError(
                    "evaluation.validation: %d samples can be held out, fewer than its %d bins. Lower bins, or leave validation out"
                            .formatted(samples.captions().size(), settings.bins()));
        }
        this.batch = batch;
        noise = Seed.of(settings.seed()).derive("validation");
    }

    /// @param flow of the stage; null for none
    /// @param side of the stage's images
    public Found of(ModelBundle bundle, @Nullable FlowMatching flow, int side) {
        try (var _ = Autograd.noGrad(); var _ = TensorScope.open()) {
            List<Double> bins = flow == null ? List.of() : flowBins(bundle, flow, side);
            var mean = bins.isEmpty() ? null : bins.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
            var hasHead = bundle.model().llm().head() != null || bundle.model().llm().config().tied();
            return new Found(mean, bins, hasHead ? perplexity(bundle, samples.captionTokens()) : null,
                    hasHead ? perplexity(bundle, samples.sentenceTokens()) : null);
        }
    }

    // ---- images

    private List<Double> flowBins(ModelBundle bundle, FlowMatching flow, int side) {
        var probe = new FlowProbe(bundle, flow);
        var losses = ImmutableList.<Double>builder();
        int perBin = count / settings.bins();
        for (int bin = 0; bin < settings.bins(); bin++) {
            double sum = 0;
            for (var some : Lists.partition(IntStream.range(bin * perBin, (bin + 1) * perBin).boxed().toList(), batch)) {
                sum += flowLoss(probe, side, some) * some.size();
            }
            losses.add(sum / perBin);
        }
        return losses.build();
    }

    private double flowLoss(FlowProbe probe, int side, List<Integer> indices) {
        try (var _ = TensorScope.open()) {
            var images = ImageTensors.of(samples.images(indices, side), side).to(probe.bundle().weights().policy().device());
            var clean = probe.bundle().latents().of(images, noise.derive("latents", indices.getFirst()));
            var predicted = probe.predict(clean, indices.stream().map(i -> noise.derive("noise", i)).toList(),
                    indices.stream().mapToDouble(i -> (i + 0.5) / count).toArray(),
                    indices.stream().map(i -> samples.captionTokens()[i]).toArray(int[][]::new),
                    indices.stream().map(samples.captions()::get).toList());
            return probe.flow().loss(predicted.output(), predicted.noised()).item();
        }
    }

    // ---- texts

    private double perplexity(ModelBundle bundle, int[][] texts) {
        double nats = 0;
        long tokens = 0;
        for (var some : Lists.partition(Arrays.asList(texts), batch)) {
            try (var _ = TensorScope.open()) {
                var ids = some.toArray(int[][]::new);
                long predicted = some.stream().mapToLong(text -> text.length - 1).sum();
                var llm = bundle.model().llm();
                nats += StepLosses.nextTokens(llm, llm.forward(llm.bucketed(Prompt.of(ids))), ids).item() * predicted;
                tokens += predicted;
            }
        }
        return Math.exp(nats / tokens);
    }
}
