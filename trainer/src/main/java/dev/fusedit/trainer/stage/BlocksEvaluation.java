package dev.fusedit.trainer.stage;

import com.google.common.collect.ImmutableMap;
import dev.fusedit.torch.Seed;
import dev.fusedit.trainer.data.blocks.BlocksPrompts;
import dev.fusedit.trainer.data.blocks.Caption;
import dev.fusedit.trainer.data.blocks.Kind;
import dev.fusedit.trainer.data.blocks.Split;
import dev.fusedit.trainer.eval.blocks.BlocksChecker;
import dev.fusedit.trainer.eval.blocks.BlocksScore;
import dev.fusedit.trainer.recipe.Evaluation;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// Evaluates a model on Blocks. It draws the prompts of the score sets, one picture each, and judges what it drew.
public final class BlocksEvaluation {
    private BlocksEvaluation() {}

    /// How many images are drawn for it.
    static int images(Evaluation evaluation) {
        return evaluation.sets().stream().mapToInt(set -> prompts(split(set), evaluation.promptsPerKind()).size()).sum();
    }

    /// Scores by set, in the order of the recipe.
    public static Map<String, BlocksScore> run(Painter painter, Evaluation evaluation) {
        var scores = ImmutableMap.<String, BlocksScore>builder();
        for (var set : evaluation.sets()) {
            scores.put(set.name().toLowerCase(Locale.ROOT),
                    run(painter, prompts(split(set), evaluation.promptsPerKind()), Seed.of(evaluation.seed()).derive(set.name())));
        }
        return scores.buildOrThrow();
    }

    private static BlocksScore run(Painter painter, List<Caption> prompts, Seed seed) {
        var seededPrompts = new ArrayList<Painter.SeededPrompt>();
        for (int i = 0; i < prompts.size(); i++) {
            seededPrompts.add(new Painter.SeededPrompt(prompts.get(i).text(), seed.derive("picture", i)));
        }
        var pictures = painter.paint(seededPrompts);
        var tally = new BlocksScore.Tally();
        for (int i = 0; i < prompts.size(); i++) {
            tally.add(prompts.get(i).kind(), BlocksChecker.judge(prompts.get(i).claim(), pictures.get(i)));
        }
        return tally.score();
    }

    /// The first so many of each kind.
    static List<Caption> prompts(Split split, int perKind) {
        var chosen = new ArrayList<Caption>();
        for (var kind : Kind.values()) {
            chosen.addAll(BlocksPrompts.of(split).stream().filter(caption -> caption.kind() == kind).limit(perKind).toList());
        }
        return chosen;
    }

    private static Split split(Evaluation.ScoreSet set) {
        return switch (set) {
            case SEEN -> Split.SEEN;
            case HELDOUT -> Split.HELDOUT;
            case PARAPHRASE -> Split.PARAPHRASE;
        };
    }
}
