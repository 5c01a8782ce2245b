package dev.fusedit.trainer.eval.suite;

import com.google.common.collect.ImmutableList;
import dev.fusedit.trainer.data.blocks.BlockColor;
import dev.fusedit.trainer.data.blocks.BlockShape;
import dev.fusedit.trainer.eval.blocks.Found;
import dev.fusedit.trainer.eval.blocks.Sight;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;

/// What a scene is by its objects: colours, shapes, and places on a grid of 3 × 3. From the left to the right, so that the order in which
/// they were found does not matter.
///
/// @param cells 0 to 8, row by row
record SceneDescriptor(ImmutableList<Integer> colors, ImmutableList<Integer> shapes, ImmutableList<Integer> cells) {
    private static final int SIDE = 32;
    private static final int GRID = 3;
    private static final int WIDTH = BlockColor.values().length + BlockShape.values().length + GRID * GRID;

    static SceneDescriptor of(Sight sight) {
        var found = sight.found().stream().sorted(Comparator.comparingDouble(Found::x).thenComparingDouble(Found::y)).toList();
        return new SceneDescriptor(numbers(found, object -> object.color() == null ? -1 : object.color().ordinal()),
                numbers(found, object -> object.shape() == null ? -1 : object.shape().ordinal()),
                numbers(found, object -> cell(object.y()) * GRID + cell(object.x())));
    }

    private static ImmutableList<Integer> numbers(List<Found> found, Function<Found, Integer> number) {
        return found.stream().map(number).collect(ImmutableList.toImmutableList());
    }

    private static int cell(double at) { return Math.clamp((int) (at * GRID / SIDE), 0, GRID - 1); }

    /// Of each object a 1 for its colour, its shape and its cell.
    double[] vector() {
        var vector = new double[WIDTH * Math.max(1, colors.size())];
        for (int i = 0; i < colors.size(); i++) {
            if (colors.get(i) >= 0) vector[i * WIDTH + colors.get(i)] = 1;
            if (shapes.get(i) >= 0) vector[i * WIDTH + BlockColor.values().length + shapes.get(i)] = 1;
            vector[i * WIDTH + BlockColor.values().length + BlockShape.values().length + cells.get(i)] = 1;
        }
        return vector;
    }

    /// Of what the objects are over some scenes, from 0, always the same, to 1, as different as so many can be.
    ///
    /// @param most different values of one object
    static double entropy(List<SceneDescriptor> scenes, Function<SceneDescriptor, List<Integer>> of, int most) {
        var counts = scenes.stream().flatMap(scene -> of.apply(scene).stream())
                .collect(Collectors.groupingBy(value -> value, Collectors.counting()));
        double all = counts.values().stream().mapToLong(count -> count).sum();
        double entropy = counts.values().stream().mapToDouble(count -> -count / all * Math.log(count / all)).sum();
        return entropy / Math.log(Math.min(all, most));
    }
}
