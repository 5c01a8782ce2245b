package dev.fusedit.trainer.plan;

import dev.fusedit.fusion.text.WordTokenizer;
import dev.fusedit.fusion.vision.DinoModel;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.align.TeacherConfigs;
import dev.fusedit.trainer.align.TeacherTask;
import dev.fusedit.trainer.data.blocks.BlocksText;
import dev.fusedit.trainer.recipe.Run;
import dev.fusedit.trainer.recipe.TeacherRecipe;
import dev.fusedit.trainer.report.PlannedUse;
import dev.fusedit.trainer.report.StageUse;
import dev.fusedit.trainer.run.TeacherTrial;
import java.util.List;
import java.util.OptionalDouble;

/// What the training of a teacher takes: computed from shapes, before anything is allocated.
///
/// @param encoder parameters of the vision encoder
/// @param heads parameters of its task, which are of no use later
/// @param flops needed floating-point operations of a step, counted as [StageWork] does
/// @param available bytes that there are here, and `where`
/// @param secondsPerStep on this machine, if it was measured
public record TeacherPlan(TeacherRecipe recipe, long encoder, long heads, StageMemory memory, double flops, long available, String where,
        OptionalDouble secondsPerStep) {
    private static final String TASK = "task.";

    /// Without a measurement of this machine's speed.
    public static TeacherPlan of(TeacherRecipe recipe) {
        var config = TeacherConfigs.of(recipe);
        var shapes = ModelShapes.shapes(weights -> {
            var model = DinoModel.of(config, weights);
            TeacherTask.of(recipe.learning().task(), model, WordTokenizer.of(BlocksText.words()).size(), weights.in("task"));
        });
        var capacity = Capacity.of(Run.Device.CPU);
        long heads = shapes.stream().filter(shape -> shape.name().startsWith(TASK)).mapToLong(ParameterShape::count).sum();
        return new TeacherPlan(recipe, ModelShapes.count(shapes) - heads, heads, memory(recipe, shapes), flops(recipe, shapes),
                capacity.bytes(), capacity.of(), OptionalDouble.empty());
    }

    /// In short, for a run's page.
    public PlannedUse use() {
        var learning = recipe.learning();
        return new PlannedUse(memory.total(), memory.saved(), List.of(new StageUse(0, learning.steps(), learning.batch(), flops)));
    }

    private static long patches(TeacherRecipe recipe) {
        long side = recipe.data().imageSize() / recipe.teacher().patch();
        return side * side;
    }

    private static StageMemory memory(TeacherRecipe recipe, List<ParameterShape> shapes) {
        var widths = Widths.of(Run.Precision.F32);
        var optimizer = recipe.learning().optimizer();
        var encoder = recipe.teacher();
        long weights = widths.master() * ModelShapes.count(shapes);
        long moments = StageMemory.Moments.bytes(optimizer, shapes, widths);
        long rows = recipe.learning().batch() * (1 + patches(recipe));
        // A layer's graph keeps its input, two norms, q, k, v, two of attention's output, what both residual branches scale, and the sum
        // between them, all of the model's width; and both sides of the activation
        long layer = widths.compute() * rows * (11L * encoder.width() + 2L * encoder.mlpRatio() * encoder.width());
        long image = 3L * recipe.data().imageSize() * recipe.data().imageSize();
        return new StageMemory(weights, weights, moments + StageMemory.Moments.work(optimizer, shapes, widths, 1), 0,
                (long) (StageMemory.HOLES * encoder.layers() * layer), (long) (StageMemory.HOLES * layer), 0,
                widths.compute() * recipe.learning().batch() * image, weights + moments, 0, ProcessMemory.bytes(), weights + moments, 0, 0);
    }

    private static double flops(TeacherRecipe recipe, List<ParameterShape> shapes) {
        var encoder = recipe.teacher();
        long patches = patches(recipe);
        double samples = recipe.learning().batch();
        double attention = 4 * samples * (1 + patches) * (1 + patches) * encoder.width() * encoder.layers();
        double matmuls = shapes.stream().mapToDouble(shape -> 2 * samples * shape.count() * switch (recipe.learning().task()) {
            case TeacherRecipe.Task.Captions _ -> passes(shape, patches, 1);
            case TeacherRecipe.Task.HiddenPatches _ -> passes(shape, patches, patches);
        }).sum();
        return matmuls + 3 * attention;
    }

    /// Rows of a sample that a weight is multiplied by, forward and for both gradients. Images have no gradient, tables no product.
    private static double passes(ParameterShape shape, long patches, long ofHead) {
        boolean isMatrix = shape.rank() > 1 && shape.name().endsWith(".weight") && !shape.name().endsWith("words.weight");
        return !isMatrix ? 0 : shape.name().startsWith(TASK) ? 3.0 * ofHead : shape.rank() == 4 ? 2.0 * patches : 3.0 * (1 + patches);
    }

    /// The same with the time of a step here: some are tried on an encoder that is given up.
    public TeacherPlan measured() {
        return new TeacherPlan(recipe, encoder, heads, memory, flops, available, where,
                OptionalDouble.of(TeacherTrial.secondsPerStep(recipe)));
    }

    /// Images that the encoder sees.
    public long images() { return (long) recipe.learning().steps() * recipe.learning().batch(); }

    public boolean fits() { return memory.total() <= available; }

    /// @throws UserError if the memory does not hold it
    public TeacherPlan requireFits() {
        if (!fits()) {
            throw new UserError("recipe '%s' needs about %,d MiB, but there are %,d MiB of %s. Lower learning.batch".formatted(
                    recipe.run().name(), memory.total() >> 20, available >> 20, where));
        }
        return this;
    }
}
