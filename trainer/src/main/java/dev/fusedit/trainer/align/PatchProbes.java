package dev.fusedit.trainer.align;

import com.google.common.collect.Lists;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.trainer.data.blocks.BlockColor;
import dev.fusedit.trainer.data.blocks.BlockShape;
import dev.fusedit.trainer.data.blocks.Blocks;
import dev.fusedit.trainer.data.blocks.Dice;
import dev.fusedit.trainer.data.blocks.Drawing;
import dev.fusedit.trainer.data.blocks.Scene;
import dev.fusedit.trainer.data.blocks.Scene.Block;
import dev.fusedit.trainer.data.blocks.Scene.Rgb;
import dev.fusedit.trainer.data.blocks.Split;
import dev.fusedit.trainer.recipe.TeacherRecipe;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/// Linear probes of colour and shape on patch features of Blocks images, none of which was trained on. Objects of the probes' images
/// have any colour with any shape, so that one tells nothing of the other: a sixth of them are of a held-out pair, in images that probes
/// are fitted to and in others that they are judged on. (Fitted to seen pairs alone, a probe learns that what is purple is no square, and
/// is wrong about held-out pairs however well the features tell them.)
public final class PatchProbes {
    /// Of the samples; training does not come so far.
    private static final long FIRST = 1L << 40;
    private static final int AT_ONCE = 100;
    /// What the dice for colours and shapes are for; a number that `Split` does not use.
    private static final long PAINTING = 103;
    /// As in Blocks.
    private static final int JITTER = 8;

    private final List<Scene> fitted;
    private final List<Scene> judged;
    private final int side;
    private final PatchLabels known;
    private final PatchLabels asked;
    private final Seed seed;

    /// Shares of patches whose object's colour and shape were told.
    ///
    /// @param heldOutColor of the patches that show a held-out pair alone; so is heldOutShape
    public record Accuracy(double color, double shape, double heldOutColor, double heldOutShape) {}

    public PatchProbes(TeacherRecipe.Probes recipe, int side, int patch) {
        this.side = side;
        fitted = scenes(recipe.seed(), FIRST, recipe.fitted());
        judged = scenes(recipe.seed(), FIRST + recipe.fitted(), recipe.judged());
        known = PatchLabels.of(fitted, side, patch);
        asked = PatchLabels.of(judged, side, patch);
        seed = Seed.of(recipe.seed());
    }

    private static List<Scene> scenes(long seed, long first, int count) {
        return LongStream.range(first, first + count).mapToObj(i -> {
            var scene = Blocks.sample(seed, i, Split.TRAIN).scene();
            var dice = new Dice(seed, PAINTING, i);
            return new Scene(scene.objects().stream().map(block -> anyOther(block, dice)).toList(), scene.ground());
        }).toList();
    }

    /// In its place, and as large.
    private static Block anyOther(Block block, Dice dice) {
        var color = dice.pick(BlockColor.values());
        var paint = new Rgb(jittered(color.channel(0), dice), jittered(color.channel(1), dice), jittered(color.channel(2), dice));
        return new Block(color, dice.pick(BlockShape.values()), block.x(), block.y(), block.diameter(), paint);
    }

    private static int jittered(int value, Dice dice) { return Math.clamp(value + dice.between(-JITTER, JITTER), 0, 255); }

    /// @param encoder from images, byte after byte, to features (B, N, F) of the patches
    public Accuracy of(Function<byte[], Tensor> encoder) {
        try (var _ = TensorScope.open()) {
            var fit_NF = features(fitted, known, encoder);
            var judge_NF = features(judged, asked, encoder);
            var color = right(fit_NF, known.color(), judge_NF, asked.color(), BlockColor.values().length);
            var shape = right(fit_NF, known.shape(), judge_NF, asked.shape(), BlockShape.values().length);
            return new Accuracy(share(color, false), share(shape, false), share(color, true), share(shape, true));
        }
    }

    /// Of the patches that show an object.
    private Tensor features(List<Scene> scenes, PatchLabels labels, Function<byte[], Tensor> encoder) {
        try (var scope = TensorScope.open(); var _ = Autograd.noGrad()) {
            var parts = Lists.partition(scenes, AT_ONCE).stream().map(some -> {
                int size = side * side * 3;
                var bytes = new byte[some.size() * size];
                for (int i = 0; i < some.size(); i++) System.arraycopy(Drawing.draw(some.get(i), side), 0, bytes, i * size, size);
                return encoder.apply(bytes).flatten(0, 1);
            }).toList();
            return scope.keep(Tensor.cat(0, parts).indexSelect(0, Tensor.of(shown(labels).asLongStream().toArray())));
        }
    }

    private static IntStream shown(PatchLabels labels) {
        return IntStream.range(0, labels.color().length).filter(n -> labels.color()[n] != PatchLabels.NONE);
    }

    /// For each judged patch whether a probe told its class.
    private boolean[] right(Tensor fit_NF, int[] fitClasses, Tensor judge_NF, int[] judgeClasses, int count) {
        try (var probe = new LinearProbe(fit_NF, shown(known).mapToLong(n -> fitClasses[n]).toArray(), count, seed)) {
            var told = probe.classify(judge_NF);
            var patches = shown(asked).toArray();
            var right = new boolean[patches.length];
            for (int i = 0; i < right.length; i++) right[i] = told[i] == judgeClasses[patches[i]];
            return right;
        }
    }

    private double share(boolean[] right, boolean heldOutOnly) {
        var patches = shown(asked).toArray();
        var counted = IntStream.range(0, patches.length).filter(i -> !heldOutOnly || asked.heldOut()[patches[i]]).toArray();
        return (double) IntStream.of(counted).filter(i -> right[i]).count() / counted.length;
    }
}
