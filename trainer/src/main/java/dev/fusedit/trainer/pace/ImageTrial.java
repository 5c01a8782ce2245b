package dev.fusedit.trainer.pace;

import dev.fusedit.fusion.pipeline.ImageRequest;
import dev.fusedit.fusion.pipeline.LoadedPipeline;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.trainer.data.BlankBatches;
import dev.fusedit.trainer.data.BlocksBatches;
import dev.fusedit.trainer.data.blocks.Blocks;
import dev.fusedit.trainer.data.ReferenceBatches;
import dev.fusedit.trainer.data.MixedBatches;
import dev.fusedit.trainer.data.SourceBatches;
import dev.fusedit.trainer.data.blocks.Split;
import dev.fusedit.trainer.eval.blocks.BlocksChecker;
import dev.fusedit.trainer.sampling.RunPipeline;
import dev.fusedit.trainer.sampling.Showcase;
import dev.fusedit.trainer.sampling.ShowcasePrompts;
import dev.fusedit.trainer.stage.StageParts;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/// How long an image of the evaluation takes, sampled in a batch and judged.
record ImageTrial(StageParts parts, Trials trials) {
    /// Two steps tell what the others take.
    private static final int STEPS = 2;
    private static final int JUDGED = 16;

    /// Seconds of one image.
    double seconds() {
        var recipe = parts.recipe();
        try (var _ = TensorScope.open()) {
            var loaded = RunPipeline.of(recipe, parts.tensors().bundle());
            int batch = Math.min(loaded.defaults().batch(), RunForecast.images(recipe));
            var shown = ShowcasePrompts.of(recipe, parts.data());
            var prompts = IntStream.range(0, batch).mapToObj(i -> shown.get(i % shown.size()).text()).toList();
            var whole = loaded.defaults().request(prompts).seed(Seed.of(Showcase.SEED));
            return trials.usual(() -> sampled(loaded, whole)) / prompts.size() + judged(loaded.defaults().width());
        }
    }

    /// Passes of the network over an image.
    int evaluations() {
        var loaded = RunPipeline.of(parts.recipe(), parts.tensors().bundle());
        return loaded.pipeline().evaluations(loaded.defaults().request(List.of("")));
    }

    /// Seconds of a batch, of which only the first steps are sampled: the others are as long as the last of those. The first one also reads
    /// the text, and behind the last one latents are decoded.
    private static double sampled(LoadedPipeline loaded, ImageRequest whole) {
        int steps = Math.min(STEPS, whole.settings().steps());
        var some = whole.steps(steps);
        int evaluations = loaded.pipeline().evaluations(some);
        var ends = new long[steps + 1];
        ends[0] = System.nanoTime();
        double all = Trials.seconds(() -> TensorScope
                .scoped(() -> loaded.pipeline().generate(some, (_, step) -> ends[step.number() + 1] = System.nanoTime())));
        double last = (ends[steps] - ends[steps - 1]) / 1e9;
        return all + last * steps * (loaded.pipeline().evaluations(whole) - evaluations) / evaluations;
    }

    /// On images of the data: noise is judged sooner.
    private double judged(int side) {
        return switch (parts.data()) {
            case BlocksBatches data -> judged(data, side);
            case SourceBatches _ -> 0;
            case ReferenceBatches _ -> 0;
            case MixedBatches _ -> 0;
            case BlankBatches _ -> 0;
        };
    }

    private double judged(BlocksBatches data, int side) {
        var samples = LongStream.range(0, JUDGED).mapToObj(i -> Blocks.sample(data.seed(), i, Split.TRAIN, data.mix(), side)).toList();
        return trials.took(() -> samples.forEach(sample -> BlocksChecker.judge(sample.caption().claim(), sample.rgb()))) / JUDGED;
    }
}
