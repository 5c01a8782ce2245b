package dev.fusedit.trainer.stage;

import com.google.common.collect.ImmutableMap;
import dev.fusedit.fusion.dit.TextState;
import dev.fusedit.fusion.flow.FlowMatching;
import dev.fusedit.fusion.llm.LanguageModel;
import dev.fusedit.fusion.llm.Prompt;
import dev.fusedit.nn.Taps;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.trainer.data.Batch;
import dev.fusedit.trainer.recipe.Losses;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// What a stage minimizes, on one batch: flow matching on the pictures, next tokens on sentences or captions.
///
/// Noise and times are functions of the seed and the global step.
///
/// @param flow null where the stage draws no pictures
/// @param side of the pictures
record StepLosses(Trainee trainee, Losses losses, @Nullable FlowMatching flow, int side, DType compute, Seed seed) {
    private static final long IGNORED = -100;

    /// The weighted sum as a graph, and each loss in it.
    record Found(Tensor total, ImmutableMap<String, Tensor> each) {
        Values values() {
            var numbers = ImmutableMap.<String, Double>builder();
            each.forEach((name, loss) -> numbers.put(name, loss.item()));
            return new Values(total.item(), numbers.buildOrThrow());
        }
    }

    record Values(double total, ImmutableMap<String, Double> each) {}

    Found of(Batch batch, long globalStep) {
        var each = ImmutableMap.<String, Tensor>builder();
        Tensor total = null;
        var language = losses.language();
        TextState text = null;
        if (flow != null && losses.flow() != null) {
            var prompt = Prompt.of(batch.captionTokens());
            text = language != null && language.corpus() == Losses.Corpus.CAPTIONS ? trainee.model().text(prompt, true, Taps.NONE)
                    : trainee.model().text(prompt);
            var loss = flowLoss(batch, text, globalStep);
            each.put("flow", loss);
            total = loss.mul(losses.flow().weight());
        }
        if (language != null) {
            var loss = text != null && text.output() != null ? nextTokens(text.output(), batch.captionTokens())
                    : languageLoss(batch.sentenceTokens());
            each.put("language", loss);
            var weighted = loss.mul(language.weight());
            total = total == null ? weighted : total.add(weighted);
        }
        if (total == null) {
            throw new IllegalStateException("a stage without a loss");
        }
        return new Found(total, each.buildOrThrow());
    }

    private Tensor flowLoss(Batch batch, TextState text, long globalStep) {
        var clean = PictureTensors.of(batch.pictures(), side);
        return flow.loss((noisy, times) -> trainee.model().image(noisy.to(compute), times, text), clean, seed.derive("step", globalStep));
    }

    private Tensor languageLoss(int[][] sentences) { return nextTokens(trainee.model().llm().forward(Prompt.of(sentences)), sentences); }

    /// Mean cross-entropy in nats of each token given those before it; the first one (bos) is not predicted.
    private Tensor nextTokens(Tensor hidden_BTM, int[][] tokens) { return nextTokens(trainee.model().llm(), hidden_BTM, tokens); }

    static Tensor nextTokens(LanguageModel llm, Tensor hidden_BTM, int[][] tokens) {
        var width = (int) hidden_BTM.size(1);
        var next = new long[tokens.length * width];
        Arrays.fill(next, IGNORED);
        for (int b = 0; b < tokens.length; b++) {
            for (int t = 0; t + 1 < tokens[b].length; t++) {
                next[b * width + t] = tokens[b][t + 1];
            }
        }
        var logits = llm.logits(hidden_BTM).flatten(0, 1).to(DType.F32);
        return logits.crossEntropy(Tensor.of(next), IGNORED);
    }
}
