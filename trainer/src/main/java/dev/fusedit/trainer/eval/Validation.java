package dev.fusedit.trainer.eval;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Lists;
import com.google.common.collect.Multimaps;
import dev.fusedit.fusion.flow.FlowMatching;
import dev.fusedit.fusion.llm.Prompt;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.data.Batches;
import dev.fusedit.trainer.data.ValidationSamples;
import dev.fusedit.trainer.data.image.ImageSize;
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
    /// Of one batch of texts.
    private static final long MOST_LOGITS = 1L << 24;

    private final Evaluation.Validation settings;
    private final ValidationSamples samples;
    private final int count;
    private final int batch;
    private final Seed noise;
    private final boolean ofTexts;

    /// @param flow mean over the bins; null in a stage that samples nothing
    /// @param flowBins from the least noise to the most
    /// @param captionPerplexity null where the language model has no head, or never learns
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
    /// @param ofTexts whether the perplexity of texts is wanted: that of a language model that never learns stays what it is, and of one that is
    ///        read in part it means nothing
    public Validation(Evaluation.Validation settings, Batches data, int batch, boolean ofTexts) {
        this.ofTexts = ofTexts;
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
    /// @param sizes that the stage's images may have
    public Found of(ModelBundle bundle, @Nullable FlowMatching flow, List<ImageSize> sizes) {
        try (var _ = Autograd.noGrad(); var _ = TensorScope.open()) {
            List<Double> bins = flow == null ? List.of() : flowBins(bundle, flow, sizes);
            var mean = bins.isEmpty() ? null : bins.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
            var hasHead = ofTexts && (bundle.model().llm().head() != null || bundle.model().llm().config().tied());
            return new Found(mean, bins, hasHead ? perplexity(bundle, samples.captionTokens()) : null,
                    hasHead ? perplexity(bundle, samples.sentenceTokens()) : null);
        }
    }

    // ---- images

    private List<Double> flowBins(ModelBundle bundle, FlowMatching flow, List<ImageSize> sizes) {
        var probe = new FlowProbe(bundle, flow);
        var losses = ImmutableList.<Double>builder();
        int perBin = count / settings.bins();
        for (int bin = 0; bin < settings.bins(); bin++) {
            double sum = 0;
            var inBin = IntStream.range(bin * perBin, (bin + 1) * perBin).boxed().toList();
            var bySize = Multimaps.index(inBin, i -> samples.pixels().size(i, sizes));
            for (var size : bySize.keySet()) {
                for (var some : Lists.partition(bySize.get(size), batch)) sum += flowLoss(probe, size, some) * some.size();
            }
            losses.add(sum / perBin);
        }
        return losses.build();
    }

    private double flowLoss(FlowProbe probe, ImageSize size, List<Integer> indices) {
        try (var _ = TensorScope.open()) {
            var images = ImageTensors.of(samples.images(indices, size), size).to(probe.bundle().weights().policy().device());
            var clean = probe.bundle().latents().of(images, noise.derive("latents", indices.getFirst()));
            var predicted = probe.predict(clean, indices.stream().map(i -> noise.derive("noise", i)).toList(),
                    indices.stream().mapToDouble(i -> (i + 0.5) / count).toArray(),
                    indices.stream().map(i -> samples.captionTokens()[i]).toArray(int[][]::new),
                    indices.stream().map(samples.captions()::get).toList());
            return probe.flow().loss(predicted.output(), predicted.noised()).item();
        }
    }

    // ---- texts

    /// No more than fit: a large vocabulary's logits are larger than all else.
    private int together(ModelBundle bundle, int[][] texts) {
        long longest = Arrays.stream(texts).mapToInt(text -> text.length).max().orElse(1);
        long fitting = MOST_LOGITS / (longest * bundle.model().llm().config().vocabulary());
        return Math.clamp(fitting, 1, batch);
    }

    private double perplexity(ModelBundle bundle, int[][] texts) {
        double nats = 0;
        long tokens = 0;
        for (var some : Lists.partition(Arrays.asList(texts), together(bundle, texts))) {
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
