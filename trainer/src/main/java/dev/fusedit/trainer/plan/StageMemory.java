package dev.fusedit.trainer.plan;

import dev.fusedit.trainer.model.FrozenFiles;
import dev.fusedit.trainer.optim.Muon;
import dev.fusedit.trainer.recipe.OptimizerRecipe;
import dev.fusedit.trainer.recipe.Run;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/// Bytes that a stage needs, by what they are for.
///
/// @param weights masters and their copies, frozen ones, those of the autoencoder and of CLIP
/// @param gradients at the end of a step's last backward pass: their sums, and what the pass left in each lane
/// @param optimizer moments, and what a step needs for a while
/// @param average of the weights
/// @param kept what graphs keep at the end of a forward pass
/// @param work what is there for a while: the work on one layer
/// @param sums of gradients that are there during the last micro-batch's forward pass
/// @param caches keys and values of the text, latents, the batch
/// @param checkpoint the copies that are being written while training goes on; for a CUDA device they are in another memory
/// @param sampling what is there between steps: the weights that the average takes the place of, and the images, or an encoder that looks at
///        them
/// @param process the JVM and libtorch themselves
/// @param saved a checkpoint's bytes
/// @param otherwise activations if activation checkpointing were on where it is off, and off where it is on
/// @param leftover of stages before: a heap does not shrink; new moments, and a checkpoint's copies in part, do not fit the holes in it
public record StageMemory(long weights, long gradients, long optimizer, long average, long kept, long work, long sums, long caches,
        long checkpoint, long sampling,
        long process, long saved, long otherwise, long leftover) {
    /// A heap keeps holes between what comes and goes: its size over what is in it, as measured (1.17 to 1.25).
    static final double HOLES = 1.2;

    /// @param everTrained what any stage of the recipe trains: it has masters
    /// @param inEma what the average holds
    /// @param written whether a checkpoint is being written meanwhile
    /// @param share of this process
    static StageMemory of(StageShape stage, StageCounts counts, Set<ParameterShape> everTrained, Set<ParameterShape> inEma,
            boolean written, ProcessShare share) {
        var run = stage.recipe().run();
        int lanes = stage.lanes();
        var widths = Widths.of(stage.recipe());
        long weights = stage.shapes().model().stream().mapToLong(shape -> widths.stored(shape, everTrained.contains(shape))).sum()
                + widths.wide() * stage.shapes().buffers()
                + widths.compute() * (ModelShapes.count(stage.shapes().vae()) + ModelShapes.count(stage.shapes().clip()));
        long left = lanes * stage.trainable().stream().mapToLong(widths::gradient).sum();
        long sums = share.sums(stage.trainable(), widths);
        boolean several = stage.stage().accumulation() > 1;
        long wholeAverage = 4 * count(inEma);
        long average = 4 * count(share.owned(inEma));
        var own = share.owned(stage.trainable());
        long wholeMoments = Moments.bytes(stage.stage().optimizer(), stage.trainable(), widths);
        long moments = Moments.bytes(stage.stage().optimizer(), own, widths);
        long saved = stage.shapes().model().stream().filter(shape -> !FrozenFiles.refersTo(shape.name(), stage.recipe()))
                .mapToLong(shape -> widths.saved(shape, everTrained.contains(shape))).sum() + wholeAverage
                + wholeMoments;
        long widened =
                stage.shapes().model().stream().mapToLong(shape -> widths.widened(shape, everTrained.contains(shape))).max().orElse(0);
        var graph = new StageGraph(stage, counts, stage.stage().checkpointing());
        var other = new StageGraph(stage, counts, !stage.stage().checkpointing());
        return new StageMemory(weights, share.gradients(stage.trainable(), widths, left) + (several ? sums : 0),
                moments + Moments.work(stage.stage().optimizer(), own, widths, lanes),
                average, (long) (HOLES * graph.kept()), (long) (HOLES * (graph.work() + widened)), several ? sums : 0, graph.caches(),
                written && share.isFirst() && run.device() == Run.Device.CPU ? saved - (share.writesOwn() ? wholeAverage + wholeMoments : 0)
                        : 0,
                share.isFirst() ? widths.master() * count(inEma) + wholeAverage - average
                        + Math.max(graph.sampling(), EncoderMemory.of(stage.recipe())) : 0,
                ProcessMemory.bytes(stage.recipe()), saved,
                (long) (HOLES * other.kept()) + (long) (HOLES * other.work()), 0);
    }

    /// At the worst moment: activations go while gradients come, so they are not there in full together.
    public long total() {
        long training = caches + Math.max(activations() + sums, gradients);
        return process + weights + optimizer + average + checkpoint + Math.max(training, sampling) + leftover;
    }

    /// The same after another stage.
    ///
    /// @param kept whether the optimizer of the stage before is taken on
    StageMemory after(StageMemory before, boolean kept) {
        long least = before.total() + (kept ? 0 : optimizer) + (long) ((HOLES - 1) * checkpoint);
        return new StageMemory(weights, gradients, optimizer, average, this.kept, work, sums, caches, checkpoint, sampling, process, saved,
                otherwise, Math.max(0, least - total()));
    }

    public long activations() { return kept + work; }

    /// `By the plan it takes 1,234 MiB at most at once, of parts that are not all there together: weights 100, gradients 50, …`; those that take
    /// none are left out.
    String sentence() {
        var parts = new LinkedHashMap<String, Long>();
        parts.put("weights", weights);
        parts.put("gradients", gradients);
        parts.put("optimizer", optimizer);
        parts.put("average", average);
        parts.put("activations", activations());
        parts.put("caches", caches);
        parts.put("a checkpoint being written", checkpoint);
        parts.put("left over from before", leftover);
        parts.put("the process itself", process);
        return parts.entrySet().stream().filter(part -> part.getValue() > 0)
                .map(part -> String.format(Locale.ROOT, "%s %,d", part.getKey(), PlanText.mib(part.getValue())))
                .collect(Collectors.joining(", ",
                        String.format(Locale.ROOT,
                                "By the plan it takes %,d MiB at most at once, of parts that are not all there together: ",
                                PlanText.mib(total())),
                        "."));
    }

    private static long count(Collection<ParameterShape> shapes) { return shapes.stream().mapToLong(ParameterShape::count).sum(); }

    /// An optimizer's state.
    static final class Moments {
        private Moments() {}

        static long bytes(OptimizerRecipe optimizer, List<ParameterShape> trainable, Widths widths) {
            long numbers = switch (optimizer) {
                case OptimizerRecipe.AdamW _ -> 2 * ModelShapes.count(trainable);
                case OptimizerRecipe.Adafactor _ -> trainable.stream().mapToLong(Moments::factored).sum();
                case OptimizerRecipe.Muon _ -> trainable.stream().mapToLong(shape -> (isHidden(shape) ? 1 : 2) * shape.count()).sum();
            };
            return numbers * widths.wide();
        }

        private static long factored(ParameterShape shape) {
            return shape.isVector() ? shape.count() : shape.rows() + shape.count() / shape.beforeLast();
        }

        private static boolean isHidden(ParameterShape shape) { return Muon.isHiddenMatrix(shape.name(), shape.rank()); }

        /// Optimizers that take one weight after the other, or some at once in each lane, make some copies of each.
        static long work(OptimizerRecipe optimizer, List<ParameterShape> trainable, Widths widths, int lanes) {
            long largest = trainable.stream().mapToLong(ParameterShape::count).max().orElse(0);
            long hidden = trainable.stream().filter(Moments::isHidden).mapToLong(ParameterShape::count).max().orElse(0);
            return switch (optimizer) {
                case OptimizerRecipe.AdamW _ -> 0;
                case OptimizerRecipe.Adafactor _ -> 4 * largest * widths.wide();
                case OptimizerRecipe.Muon _ -> hidden == 0 ? 0 : lanes * 5 * Math.max(hidden, Muon.ELEMENTS) * widths.wide();
            };
        }
    }
}
