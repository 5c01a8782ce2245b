package dev.fusedit.trainer.step;

import com.google.common.primitives.Booleans;
import dev.fusedit.fusion.dit.ForwardOptions;
import dev.fusedit.fusion.dit.ImageModel;
import dev.fusedit.fusion.dit.ImageOutput;
import dev.fusedit.fusion.dit.TextKvCache;
import dev.fusedit.fusion.dit.TrainingPass;
import dev.fusedit.fusion.flow.FlowMatching;
import dev.fusedit.fusion.llm.LanguageModel;
import dev.fusedit.fusion.llm.Prompt;
import dev.fusedit.nn.AdapterDropout;
import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.nn.ForwardHooks;
import dev.fusedit.nn.ops.Ops;
import dev.fusedit.nn.ops.WholeGradients;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.Factor;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.TorchException;
import dev.fusedit.torch.distributed.ProcessGroup;
import dev.fusedit.trainer.align.Alignment;
import dev.fusedit.trainer.align.CleanImages;
import dev.fusedit.trainer.align.ContrastiveLoss;
import dev.fusedit.trainer.data.Batch;
import dev.fusedit.trainer.data.stored.StoredRow;
import dev.fusedit.trainer.model.ClipCaptions;
import dev.fusedit.trainer.model.Latents;
import dev.fusedit.trainer.recipe.Losses;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// What a stage minimizes: flow matching on the images, next tokens on sentences or captions, alignment of what the image side makes of
/// noisy images.
///
/// Noise, times and latents are functions of the seed, the global step and the place in the batch; they are drawn for the whole batch.
///
/// @param model with the stage's gradient mask
/// @param flow null where the stage samples no images
/// @param latents what the model's images are made of
/// @param clip a second reading of the captions; null for a model that takes none
/// @param policy in what the models compute, and where
/// @param alignment of the stage
/// @param firstStep of the stage, as a global number
/// @param dropout what the model's adapters leave out
/// @param checkpointing whether each layer's inside is computed a second time for its gradient instead of being kept
public record StepLosses(ImageModel model, Losses losses, @Nullable FlowMatching flow, Latents latents,
        @Nullable ClipCaptions clip, DTypePolicy policy, Seed seed, Alignment alignment, long firstStep, boolean checkpointing,
        AdapterDropout dropout)
        implements Objective<Batch, MicroBatch> {
    private static final long IGNORED = -100;

    static final String FLOW = "flow";
    static final String LANGUAGE = "language";
    static final String REPA = "repa";
    static final String CONTRASTIVE = "contrastive";
    /// As rows of metrics name the losses.
    public static final List<String> NAMES = List.of(FLOW, LANGUAGE, REPA, CONTRASTIVE);

    /// A part's share of the step's losses: the weighted sum as a graph, and each one, not weighted, by name.
    public record Found(Tensor total, Map<String, Tensor> each) {}

    // ---- a batch in parts

    /// What of a batch's other slices the parts of this one depend on.
    ///
    /// @param predicted tokens of all that the language loss predicts
    /// @param captions of all, where all are compared with each other; else empty
    private record Whole(Batch slice, int predicted, List<String> captions) {
        double imageShare(int images) { return share(images, slice.allImages()); }

        double tokenShare(int tokens) { return share(tokens, predicted); }
    }

    /// The batch of a step in so many parts of equal size.
    @Override
    public List<MicroBatch> parts(Batch batch, long globalStep, int count, ProcessGroup ranks) {
        var whole = whole(batch, ranks); // asks the others, so before anything that memory may not hold
        boolean isCompared = flow != null && losses.flow() != null && isGlobal() && batch.slice().count() * count > 1;
        return isCompared ? compared(() -> parts(batch, globalStep, count, whole), ranks) : parts(batch, globalStep, count, whole);
    }

    private List<MicroBatch> parts(Batch batch, long globalStep, int count, Whole whole) {
        var noised = flow == null || losses.flow() == null ? null : noised(flow, batch, seed.derive("step", globalStep));
        int first = batch.slice().index() * count, all = batch.slice().count() * count;
        return IntStream.range(first, first + count).mapToObj(i -> new Cut(batch, i, all)).map(cut -> new MicroBatch(
                noised == null ? null : noised.rows(cut.firstImage(), cut.captions().length), cut.texts(), cut.captions(),
                batch.instruction(), cut.sentences(), cut.dropped(),
                whole.imageShare(cut.captions().length),
                whole.tokenShare(predicted(languageOf(cut.captions(), cut.sentences()))),
                noised == null ? Aligned.NOTHING : aligned(cut, globalStep, whole), seed.derive("part", globalStep, cut.index()),
                cut.stored()))
                .toList();
    }

    private Whole whole(Batch batch, ProcessGroup ranks) {
        int predicted = losses.language() == null ? 0
                : new RankTexts(ranks).sum(predicted(languageOf(batch.captionTokens(), batch.sentenceTokens())));
        return new Whole(batch, predicted, isGlobal() ? new RankTexts(ranks).concatenated(batch.captions()) : List.of());
    }

    private boolean isGlobal() { return alignment.contrastive() != null && alignment.contrastive().isGlobal(); }

    private Aligned aligned(Cut cut, long globalStep, Whole whole) {
        var contrastive = alignment.contrastive();
        var layers = alignment.layers(globalStep - firstStep);
        boolean seen = alignment.repa() != null && alignment.repa().acts(globalStep - firstStep);
        var images = seen ? clean(cut) : null;
        if (contrastive == null) {
            return new Aligned(layers, images, null, List.of(), cut.index());
        }
        var drawn = seed.derive("blind", globalStep);
        var textMasked = contrastive.isGlobal()
                ? Arrays.copyOfRange(contrastive.textMasked(whole.captions(), drawn), cut.first(), cut.end())
                : contrastive.textMasked(cut.texts(), drawn.derive("part", cut.index()));
        return new Aligned(layers, images, textMasked, List.of(), cut.index());
    }

    private CleanImages clean(Cut cut) {
        var tensors = new BatchTensors(cut.batch(), policy.device());
        return tensors.features(cut.firstImage(), cut.endImage()).<CleanImages>map(CleanImages.Seen::new)
                .orElseGet(() -> new CleanImages.Pixels(tensors.images(cut.firstImage(), cut.endImage())));
    }

    /// Gradient caching: every part knows what all of them, in all processes, look like in the common space, computed without a graph.
    private List<MicroBatch> compared(Supplier<List<MicroBatch>> made, ProcessGroup ranks) {
        List<MicroBatch> parts;
        List<ContrastiveLoss.Embedded> own;
        try {
            parts = made.get();
            own = parts.stream().map(this::embedded).toList();
        } catch (TorchException e) {
            if (ranks.isAlone() || !e.isOutOfMemory()) throw e;
            throw new RankTexts(ranks).shortage(e);
        }
        var all = ranks.isAlone() ? own : new RankTexts(ranks).embedded(own);
        return parts.stream().map(part -> part.withAligned(part.aligned().among(all))).toList();
    }

    private ContrastiveLoss.Embedded embedded(MicroBatch part) {
        var contrastive = Objects.requireNonNull(alignment.contrastive());
        return TensorScope.scoped(() -> {
            try (var _ = Autograd.noGrad(); var pass = model.pass(false)) {
                var text = pass.text(part.prompt(), true);
                return embed(contrastive, image(pass, part, text), text, part);
            }
        });
    }

    private FlowMatching.Noised noised(FlowMatching matching, Batch batch, Seed draws) {
        return TensorScope.scoped(() -> {
            int first = batch.slice().first(batch.allImages());
            var tensors = new BatchTensors(batch, policy.device());
            int rows = batch.captions().size();
            var encoded = tensors.latents(0, rows).orElseGet(() -> latents.encoded(tensors.images(0, rows)));
            return matching.noised(latents.drawn(encoded, draws, first), draws, first, batch.allImages());
        });
    }

    /// One of `count` parts of a batch, of which a slice is here.
    private record Cut(Batch batch, int index, int count) {
        /// Places of its images in the whole batch.
        int first() { return of(index, batch.allImages()); }

        int end() { return of(index + 1, batch.allImages()); }

        private int of(int part, int rows) { return Math.toIntExact((long) part * rows / count); }

        /// Its images' places in the slice.
        int firstImage() { return first() - batch.slice().first(batch.allImages()); }

        int endImage() { return end() - batch.slice().first(batch.allImages()); }

        List<String> texts() { return batch.captions().subList(firstImage(), endImage()); }

        List<StoredRow> stored() {
            var all = batch.stored().texts();
            return all.isEmpty() ? all : all.subList(firstImage(), endImage());
        }

        int[][] captions() { return Arrays.copyOfRange(batch.captionTokens(), firstImage(), endImage()); }

        boolean[] dropped() { return Booleans.toArray(texts().stream().map(String::isEmpty).toList()); }

        int[][] sentences() {
            int all = batch.allSentences(), before = batch.slice().first(all);
            return Arrays.copyOfRange(batch.sentenceTokens(), of(index, all) - before, of(index + 1, all) - before);
        }
    }

    private static double share(int part, int whole) { return whole == 0 ? 0 : (double) part / whole; }

    private int[][] languageOf(int[][] captions, int[][] sentences) { return readsCaptions() ? captions : sentences; }

    private boolean readsCaptions() { return losses.language() != null && losses.language().corpus() == Losses.Corpus.CAPTIONS; }

    /// Each token but the first one of a text (bos) is predicted.
    private static int predicted(int[][] tokens) { return Arrays.stream(tokens).mapToInt(text -> Math.max(0, text.length - 1)).sum(); }

    // ---- losses of a part

    @Override
    public LossTensors backward(MicroBatch part, Factor scale, WholeGradients whole) {
        if (part.isEmpty()) {
            return LossTensors.none(policy.device());
        }
        return dropout.during(part.draws(), () -> TensorScope.scoped(() -> {
            try (var pass = model.pass(checkpointing)) {
                var found = of(pass, part);
                pass.backward(scale.times(found.total()), whole);
                return LossTensors.of(found.total(), found.each());
            }
        }));
    }

    public Found of(TrainingPass pass, MicroBatch part) {
        var each = new LinkedHashMap<String, Tensor>();
        TextKvCache text = null;
        if (flow != null && part.noised() != null) {
            text = part.stored().isEmpty() ? pass.text(part.prompt(), readsCaptions() || alignment.contrastive() != null)
                    : stored(pass, part);
            var image = image(pass, part, text);
            each.put(FLOW, flow.loss(image.prediction(), part.noised()).mul(part.imageShare()));
            align(image, text, part, each);
        }
        if (losses.language() != null && part.tokenShare() > 0) {
            var tokens = languageOf(part.captions(), part.sentences());
            var hidden = readsCaptions() && text != null && text.output() != null ? text.output()
                    : pass.language(model.llm().bucketed(Prompt.of(tokens)));
            each.put(LANGUAGE, nextTokens(model.llm(), hidden, tokens).mul(part.tokenShare()));
        }
        return new Found(weightedSum(each), each);
    }

    private TextKvCache stored(TrainingPass pass, MicroBatch part) {
        var prompt = model.llm().bucketed(part.prompt());
        return pass.text(prompt, planes(part, prompt));
    }

    private Tensor planes(MicroBatch part, Prompt prompt) {
        return TextPlanes.of(part.stored(), prompt.tokens()).to(policy.device()).to(policy.compute());
    }

    private @Nullable Tensor pooled(MicroBatch part) { return clip == null ? null : clip.of(part.texts()); }

    private ImageOutput image(TrainingPass pass, MicroBatch part, TextKvCache text) {
        var noised = Objects.requireNonNull(part.noised());
        return pass.image(noised.noisy().to(policy.compute()), noised.timesteps_B(), text, pooled(part),
                new ForwardOptions(part.aligned().layers(), part.aligned().textMasked()));
    }

    private void align(ImageOutput image, TextKvCache text, MicroBatch part, Map<String, Tensor> each) {
        var repa = alignment.repa();
        if (repa != null && part.aligned().images() != null) {
            int patch = model.dit().config().patch();
            int rows = (int) image.prediction().size(2) / patch, columns = (int) image.prediction().size(3) / patch;
            each.put(REPA, repa.of(Objects.requireNonNull(image.features_BNC().get(repa.layer())), rows, columns, part.aligned().images())
                    .mul(part.imageShare()));
        }
        var contrastive = alignment.contrastive();
        if (contrastive != null) {
            var own = embed(contrastive, image, text, part);
            var loss =
                    part.aligned().all().isEmpty() ? contrastive.of(own) : contrastive.of(part.aligned().with(own), part.aligned().index());
            if (loss != null) {
                each.put(CONTRASTIVE, part.aligned().all().isEmpty() ? loss.mul(part.imageShare()) : loss);
            }
        }
    }

    private static ContrastiveLoss.Embedded embed(ContrastiveLoss loss, ImageOutput image, TextKvCache text, MicroBatch part) {
        return loss.embed(Objects.requireNonNull(image.features_BNC().get(loss.layer())), Objects.requireNonNull(text.output()),
                text.prompt().lengths_B(), part.texts(), Objects.requireNonNull(part.aligned().textMasked()));
    }

    private Tensor weightedSum(Map<String, Tensor> each) {
        return each.entrySet().stream().map(loss -> loss.getValue().mul(weight(loss.getKey()))).reduce(Tensor::add)
                .orElseThrow(() -> new IllegalStateException("a batch without anything to learn from"));
    }

    private double weight(String name) {
        return switch (name) {
            case FLOW -> losses.flow() == null ? 0 : losses.flow().weight();
            case LANGUAGE -> losses.language() == null ? 0 : losses.language().weight();
            case REPA -> losses.repa() == null ? 0 : losses.repa().weight();
            case CONTRASTIVE -> losses.contrastive() == null ? 0 : losses.contrastive().weight();
            default -> throw new IllegalStateException("no loss is named " + name);
        };
    }

    /// Mean cross-entropy in nats of each token given those before it; the first one (bos) is not predicted.
    public static Tensor nextTokens(LanguageModel llm, Tensor hidden_BTM, int[][] tokens) {
        var width = (int) hidden_BTM.size(1);
        var next = new long[tokens.length * width];
        Arrays.fill(next, IGNORED);
        for (int b = 0; b < tokens.length; b++) {
            for (int t = 0; t + 1 < tokens[b].length; t++) {
                next[b * width + t] = tokens[b][t + 1];
            }
        }
        var logits = llm.logits(hidden_BTM).flatten(0, 1);
        return logits.to(logits.dtype().wide()).crossEntropy(Tensor.of(next).to(logits.device()), IGNORED);
    }

    // ---- looking for what went wrong

    @Override
    public void watch(MicroBatch part, ForwardHooks hooks) {
        if (part.noised() != null) {
            var text = part.stored().isEmpty() ? model.text(part.prompt(), readsCaptions(), hooks) : stored(part, hooks);
            model.image(part.noised().noisy().to(policy.compute()), part.noised().timesteps_B(), text, pooled(part), hooks);
        }
        if (losses.language() != null && !(part.noised() != null && readsCaptions())) {
            model.llm().forward(Prompt.of(languageOf(part.captions(), part.sentences())), hooks);
        }
    }

    private TextKvCache stored(MicroBatch part, ForwardHooks hooks) {
        var prompt = model.llm().bucketed(part.prompt());
        var planes = planes(part, prompt);
        hooks.see("the training cache's captions", planes);
        return model.text(prompt, planes, Ops.AUTOGRAD);
    }
}
