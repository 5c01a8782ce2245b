package dev.fusedit.trainer.eval;

import com.google.common.collect.ImmutableMap;
import dev.fusedit.fusion.pipeline.InitialNoise;
import dev.fusedit.torch.Seed;
import dev.fusedit.trainer.data.blocks.BlocksPrompts;
import dev.fusedit.trainer.data.blocks.Caption;
import dev.fusedit.trainer.data.blocks.Split;
import dev.fusedit.trainer.eval.blocks.BlocksChecker;
import dev.fusedit.trainer.eval.blocks.BlocksScore;
import dev.fusedit.trainer.recipe.Evaluation;
import dev.fusedit.trainer.sampling.ImageSampler;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// Evaluates a model on Blocks. It samples the prompts of the score sets, one image each, and judges what it generated.
public final class BlocksEvaluation {
    private BlocksEvaluation() {}

    /// How many images are sampled for it.
    public static int images(Evaluation evaluation) {
        return evaluation.scored().stream().mapToInt(set -> BlocksPrompts.of(split(set), evaluation.promptsPerKind()).size()).sum();
    }

    /// Scores by set, in the order of the recipe.
    public static Map<String, BlocksScore> run(ImageSampler sampler, Evaluation evaluation) {
        var scores = ImmutableMap.<String, BlocksScore>builder();
        for (var set : evaluation.scored()) {
            scores.put(set.name().toLowerCase(Locale.ROOT),
                    run(sampler, BlocksPrompts.of(split(set), evaluation.promptsPerKind()), Seed.of(evaluation.seed()).derive(set.name())));
        }
        return scores.buildOrThrow();
    }

    private static BlocksScore run(ImageSampler sampler, List<Caption> prompts, Seed seed) {
        var seededPrompts = new ArrayList<ImageSampler.SeededPrompt>();
        for (int i = 0; i < prompts.size(); i++) {
            seededPrompts.add(new ImageSampler.SeededPrompt(prompts.get(i).text(), InitialNoise.ofImage(seed, i)));
        }
        var images = sampler.sample(seededPrompts);
        var tally = new BlocksScore.Tally();
        for (int i = 0; i < prompts.size(); i++) {
            tally.add(prompts.get(i).kind(), BlocksChecker.judge(prompts.get(i).claim(), images.get(i)));
        }
        return tally.score();
    }

    private static Split split(Evaluation.ScoreSet set) {
        return switch (set) {
            case SEEN -> Split.SEEN;
            case HELDOUT -> Split.HELDOUT;
            case PARAPHRASE -> Split.PARAPHRASE;
        };
    }
}
