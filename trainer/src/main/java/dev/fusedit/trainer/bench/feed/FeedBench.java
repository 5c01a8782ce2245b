package dev.fusedit.trainer.bench.feed;

import com.google.common.collect.ImmutableList;
import com.sun.management.OperatingSystemMXBean;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.host.ResidentSet;
import dev.fusedit.torch.image.TurboJpeg;
import dev.fusedit.trainer.bench.Repetition;
import dev.fusedit.trainer.data.Batch;
import dev.fusedit.trainer.data.PixelArrays;
import dev.fusedit.trainer.data.Prefetch;
import dev.fusedit.trainer.data.shards.ShardSettings.Pipes;
import dev.fusedit.trainer.model.RecipeTokenizers;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.stage.ProcessFigures;
import dev.fusedit.trainer.stage.RecipeData;
import dev.fusedit.trainer.stage.StageBatches;
import dev.fusedit.trainer.stage.StagePlan;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.function.Consumer;

/// Takes the batches of a recipe's first stage with images as fast as they come, on the way that they come to training. What is measured is an
/// upper bound of what training gets: it leaves both cores to the loaders.
public final class FeedBench {
    private static final int TENTHS = 10;

    private final OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    private final Recipe recipe;
    private final FeedOptions options;

    private FeedBench(Recipe recipe, FeedOptions options) {
        this.recipe = recipe;
        this.options = options;
    }

    /// @param pipes whether commands that the recipe names are run
    /// @param errorsFile where samples that cannot be used are written down
    /// @param said told in sentences what was found
    /// @param follower hears of each tenth; what it throws ends the measurement
    /// @throws UserError if the recipe trains on no images, or its data cannot be used
    public static FeedResult run(Recipe recipe, FeedOptions options, Pipes pipes, Path errorsFile, Consumer<String> said,
            Consumer<Repetition> follower) {
        long opening = System.nanoTime();
        var plan = StagePlan.of(recipe).stream().filter(each -> StagePlan.images(each.stage()) > 0).findFirst()
                .orElseThrow(() -> new UserError("bench feed: recipe '%s' trains on no images".formatted(recipe.run().name())));
        try (var data = RecipeData.open(recipe, RecipeTokenizers.of(recipe), pipes, errorsFile, said)) {
            double opened = since(opening);
            var arrays = new PixelArrays();
            var source = new StageBatches(recipe, data).of(plan);
            try (var batches = new Prefetch<>(options.from(), Long.MAX_VALUE, recipe.data().workers(), step -> source.of(step, arrays))) {
                return new FeedBench(recipe, options).measured(batches, arrays, opened, follower);
            }
        }
    }

    private FeedResult measured(Prefetch<Batch> batches, PixelArrays arrays, double opened, Consumer<Repetition> follower) {
        long asked = System.nanoTime();
        var first = batches.next();
        double firstBatch = since(asked);
        int batch = first.keys().size();
        arrays.giveBack(first);
        for (long i = batch; i < options.warmUp(); i += batch) arrays.giveBack(batches.next());
        var resident = ImmutableList.<Long>builder();
        long start = System.nanoTime(), cpu = system.getProcessCpuTime(), images = 0;
        for (int tenth = 1; tenth <= TENTHS; tenth++) {
            long began = System.nanoTime();
            for (; images * TENTHS < options.images() * tenth; images += batch) arrays.giveBack(batches.next());
            resident.add(ResidentSet.bytes() >> 20);
            follower.accept(new Repetition("%,d images".formatted(images), false, tenth, TENTHS, since(began)));
        }
        return new FeedResult(recipe.run().name(), first.size().toString(), batch, recipe.data().workers(),
                TurboJpeg.ofSystem().map(TurboJpeg::name).orElse("the JDK"), opened, firstBatch, images, since(start),
                (system.getProcessCpuTime() - cpu) / 1e9, resident.build(), ProcessFigures.peakMiB());
    }

    private static double since(long start) { return (System.nanoTime() - start) / 1e9; }
}
