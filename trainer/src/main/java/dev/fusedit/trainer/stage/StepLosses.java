package dev.fusedit.trainer.stage;

import com.google.common.collect.ImmutableMap;
import com.google.common.primitives.Booleans;
import dev.fusedit.fusion.dit.ImageModel;
import dev.fusedit.fusion.dit.TextState;
import dev.fusedit.fusion.dit.TrainingPass;
import dev.fusedit.fusion.dit.Wish;
import dev.fusedit.fusion.flow.FlowMatching;
import dev.fusedit.fusion.llm.LanguageModel;
import dev.fusedit.fusion.llm.Prompt;
import dev.fusedit.nn.Placement;
import dev.fusedit.nn.Taps;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.trainer.data.Batch;
import dev.fusedit.trainer.recipe.Losses;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// What a stage minimizes: flow matching on the pictures, next tokens on sentences or captions.
///
/// Noise, times and latents are functions of the seed, the global step and the place in the batch; they are drawn for the whole batch.
///
/// @param model with the stage's gradient mask
/// @param flow null where the stage draws no pictures
/// @param latents what the model's pictures are made of
/// @param clip a second reading of the captions; null for a model that takes none
/// @param side of the pictures in pixels
/// @param placement in what the models compute, and where
record StepLosses(ImageModel model, Losses losses, @Nullable FlowMatching flow, Latents latents,
        @Nullable ClipCaptions clip, int side, Placement placement, Seed seed) {
    private static final long IGNORED = -100;

    static final String FLOW = "flow";
    static final String LANGUAGE = "language";

    /// A part's share of the step's losses: the weighted sum as a graph, and each one, not weighted, by name.
    record Found(Tensor total, Map<String, Tensor> each) {
        LossValues values() {
            var numbers = ImmutableMap.<String, Double>builder();
            each.forEach((name, loss) -> numbers.put(name, loss.item()));
            return new LossValues(total.item(), numbers.buildOrThrow());
        }
    }

    // ---- a batch in parts

    /// The batch of a step in so many parts of equal size.
    List<MicroBatch> parts(Batch batch, long globalStep, int count) {
        var noised = flow == null || losses.flow() == null ? null : noised(flow, batch, seed.derive("step", globalStep));
        var all = new Cut(batch, 0, 1);
        return IntStream.range(0, count).mapToObj(i -> new Cut(batch, i, count)).map(cut -> new MicroBatch(
                noised == null ? null : noised.rows(cut.firstPicture(), cut.captions().length), cut.texts(), cut.captions(),
                cut.sentences(),
                cut.dropped(),
                share(cut.captions().length, all.captions().length),
                share(predicted(languageOf(cut.captions(), cut.sentences())), predicted(languageOf(all.captions(), all.sentences())))))
                .toList();
    }

    private FlowMatching.Noised noised(FlowMatching matching, Batch batch, Seed draws) {
        return TensorScope.scoped(() -> {
            var pictures = PictureTensors.of(batch.pictures(), side).to(placement.device());
            return matching.noised(latents.of(pictures, draws), draws);
        });
    }

    /// One of `count` parts of a batch.
    private record Cut(Batch batch, int index, int count) {
        int firstPicture() { return index * batch.captions().size() / count; }

        int endPicture() { return (index + 1) * batch.captions().size() / count; }

        int[][] captions() { return Arrays.copyOfRange(batch.captionTokens(), firstPicture(), endPicture()); }

        List<String> texts() { return batch.captions().subList(firstPicture(), endPicture()); }

        boolean[] dropped() { return Booleans.toArray(texts().stream().map(String::isEmpty).toList()); }

        int[][] sentences() {
            int all = batch.sentenceTokens().length;
            return Arrays.copyOfRange(batch.sentenceTokens(), index * all / count, (index + 1) * all / count);
        }
    }

    private static double share(int part, int whole) { return whole == 0 ? 0 : (double) part / whole; }

    private int[][] languageOf(int[][] captions, int[][] sentences) { return readsCaptions() ? captions : sentences; }

    private boolean readsCaptions() { return losses.language() != null && losses.language().corpus() == Losses.Corpus.CAPTIONS; }

    /// Each token but the first one of a text (bos) is predicted.
    private static int predicted(int[][] tokens) { return Arrays.stream(tokens).mapToInt(text -> Math.max(0, text.length - 1)).sum(); }

    // ---- losses of a part

    Found of(TrainingPass pass, MicroBatch part) {
        var each = new LinkedHashMap<String, Tensor>();
        TextState text = null;
        if (flow != null && part.noised() != null) {
            text = pass.text(part.prompt(), readsCaptions());
            var noised = part.noised();
            var image = pass.image(noised.noisy().to(placement.compute()), noised.timesteps_B(), text, pooled(part), Wish.NONE);
            each.put(FLOW, flow.loss(image.prediction(), noised).mul(part.pictureShare()));
        }
        if (losses.language() != null && part.tokenShare() > 0) {
            var tokens = languageOf(part.captions(), part.sentences());
            var hidden = text != null && text.output() != null ? text.output() : pass.language(Prompt.of(tokens));
            each.put(LANGUAGE, nextTokens(model.llm(), hidden, tokens).mul(part.tokenShare()));
        }
        return new Found(weightedSum(each), each);
    }

    private @Nullable Tensor pooled(MicroBatch part) { return clip == null ? null : clip.of(part.texts()); }

    private Tensor weightedSum(Map<String, Tensor> each) {
        return each.entrySet().stream().map(loss -> loss.getValue().mul(weight(loss.getKey()))).reduce(Tensor::add)
                .orElseThrow(() -> new IllegalStateException("a batch without anything to learn from"));
    }

    private double weight(String name) {
        return switch (name) {
            case FLOW -> losses.flow() == null ? 0 : losses.flow().weight();
            case LANGUAGE -> losses.language() == null ? 0 : losses.language().weight();
            default -> throw new IllegalStateException("no loss is named " + name);
        };
    }

    /// Mean cross-entropy in nats of each token given those before it; the first one (bos) is not predicted.
    static Tensor nextTokens(LanguageModel llm, Tensor hidden_BTM, int[][] tokens) {
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

    /// The forward of a part once more, with a look at all that flows through the models. Call it without gradients.
    void watch(MicroBatch part, Taps taps) {
        if (part.noised() != null) {
            var text = model.text(part.prompt(), readsCaptions(), taps);
            model.image(part.noised().noisy().to(placement.compute()), part.noised().timesteps_B(), text, pooled(part), taps);
        }
        if (losses.language() != null && !(part.noised() != null && readsCaptions())) {
            model.llm().forward(Prompt.of(languageOf(part.captions(), part.sentences())), taps);
        }
    }
}
