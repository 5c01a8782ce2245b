package dev.fusedit.trainer.eval.suite;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.google.common.base.Ascii;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.data.blocks.BlocksPrompts;
import dev.fusedit.trainer.data.blocks.Caption;
import dev.fusedit.trainer.data.blocks.Split;
import dev.fusedit.trainer.eval.ScoreTable;
import dev.fusedit.trainer.eval.blocks.BlocksChecker;
import dev.fusedit.trainer.eval.blocks.BlocksScore;
import dev.fusedit.trainer.eval.blocks.Verdict;
import dev.fusedit.trainer.eval.metrics.Estimate;
import dev.fusedit.trainer.log.PngImage;
import dev.fusedit.trainer.recipe.Evaluation;
import dev.fusedit.trainer.recipe.SuiteName;
import dev.fusedit.trainer.sampling.ImageSampler;
import dev.fusedit.trainer.sampling.WantedImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;

/// Blocks: the prompts of the score sets, one image each, judged by their pixels.
public record BlocksSuite(Evaluation evaluation) implements Suite.OfImages {
    private static final int PIXELS = 32;

    /// How many images are sampled for it.
    public static int images(Evaluation evaluation) {
        return evaluation.scored().stream().mapToInt(set -> captions(set, evaluation).size()).sum();
    }

    /// Scores by set, in the order of the recipe. Memory holds the images of one set.
    public static Map<String, BlocksScore> scores(ImageSampler sampler, Evaluation evaluation) {
        var scores = ImmutableMap.<String, BlocksScore>builder();
        for (var set : evaluation.scored()) {
            var asked = wanted(set, evaluation);
            scores.put(key(set), score(set, evaluation, SampledImages.of(sampler, asked.images()), new ArrayList<>()));
        }
        return scores.buildOrThrow();
    }

    @Override
    public SuiteName name() { return SuiteName.BLOCKS; }

    @Override
    public boolean isOfBlocks() { return true; }

    @Override
    public ImmutableList<ImageSet> wanted() {
        return evaluation.scored().stream().map(set -> wanted(set, evaluation)).collect(ImmutableList.toImmutableList());
    }

    private static ImageSet wanted(Evaluation.ScoreSet set, Evaluation evaluation) {
        var seed = Seed.of(evaluation.seed()).derive(set.name());
        var captions = captions(set, evaluation);
        return new ImageSet("blocks " + key(set), IntStream.range(0, captions.size()).mapToObj(i -> WantedImage.of(
                String.format(Locale.ROOT, "blocks/%s/%03d.png", key(set), i), captions.get(i).text(), seed, i))
                .collect(ImmutableList.toImmutableList()));
    }

    @Override
    public SuiteReport judge(SuiteImages images) {
        var shown = new ArrayList<SuiteReport.Shown>();
        var scores = ImmutableMap.<String, BlocksScore>builder();
        for (var set : evaluation.scored()) scores.put(key(set), score(set, evaluation, images, shown));
        var found = scores.buildOrThrow();
        var json = JsonNodeFactory.instance.objectNode();
        found.forEach((set, score) -> json.set(set, score.toJson()));
        return SuiteReport.of(name(), List.of(ScoreTable.rows(found)), Missing.notes(this, images), json).showing(shown)
                .headed(headline(found));
    }

    private static Map<String, Estimate> headline(Map<String, BlocksScore> found) {
        var numbers = ImmutableMap.<String, Estimate>builder();
        found.forEach((set, score) -> {
            numbers.put(set, score.all().estimate().at(score.mean()));
            if (score.whole().n() > 0) numbers.put(set + "_outline_whole", score.whole().estimate());
            if (score.rightIfWhole().n() > 0) numbers.put(set + "_right_if_whole", score.rightIfWhole().estimate());
        });
        return numbers.buildOrThrow();
    }

    private static BlocksScore score(Evaluation.ScoreSet set, Evaluation evaluation, SuiteImages images, List<SuiteReport.Shown> shown) {
        var captions = captions(set, evaluation);
        var asked = wanted(set, evaluation).images();
        var tally = new BlocksScore.Tally();
        for (int i = 0; i < captions.size(); i++) {
            var caption = captions.get(i);
            var wanted = asked.get(i);
            images.of(wanted).ifPresent(image -> {
                var verdict = judged(caption, image, wanted.file());
                tally.add(caption.kind(), verdict);
                shown.add(SuiteReport.Shown.of(wanted, verdict.accepted(), reason(verdict.parts())));
            });
        }
        return tally.score();
    }

    /// @throws UserError for an image of a size that is not judged
    static Verdict judged(Caption caption, PngImage image, String file) {
        if (image.width() != image.height() || image.width() % PIXELS != 0) {
            throw new UserError("%s is %d x %d pixels (height x width), and Blocks is judged on squares of a multiple of %d".formatted(file,
                    image.height(), image.width(), PIXELS));
        }
        return BlocksChecker.judge(caption.claim(), image.rgb());
    }

    /// What of the claim did not come out.
    private static String reason(Verdict.Parts parts) {
        var wrong = new ArrayList<String>();
        if (parts.color() != null && parts.color() < 1) wrong.add("color");
        if (parts.shape() != null && parts.shape() < 1) wrong.add("shape");
        if (parts.count() < 1) wrong.add("count");
        if (parts.place() != null && parts.place() < 1) wrong.add("place");
        return String.join(", ", wrong);
    }

    private static ImmutableList<Caption> captions(Evaluation.ScoreSet set, Evaluation evaluation) {
        return BlocksPrompts.of(split(set), evaluation.promptsPerKind());
    }

    static String key(Evaluation.ScoreSet set) { return Ascii.toLowerCase(set.name()); }

    static Split split(Evaluation.ScoreSet set) {
        return switch (set) {
            case SEEN -> Split.SEEN;
            case HELDOUT -> Split.HELDOUT;
            case PARAPHRASE -> Split.PARAPHRASE;
        };
    }
}
