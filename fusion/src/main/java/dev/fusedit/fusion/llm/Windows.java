package dev.fusedit.fusion.llm;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableSet;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/// Layers in which a token sees only the last few before it.
///
/// @param size keys that a query sees, its own included
/// @param layers which layers, counted from 0
public record Windows(int size, ImmutableSet<Integer> layers) {
    public static final Windows NONE = new Windows(Integer.MAX_VALUE, ImmutableSet.of());

    public Windows {
        checkArgument(size > 0, "sliding_window must be positive, got %s", size);
    }

    public static Windows of(int size, int layers, IntPredicate chosen) {
        return new Windows(size, IntStream.range(0, layers).filter(chosen).boxed().collect(ImmutableSet.toImmutableSet()));
    }

    Windows first(int count) {
        return new Windows(size, layers.stream().filter(layer -> layer < count).collect(ImmutableSet.toImmutableSet()));
    }

    public boolean has(int layer) { return layers.contains(layer); }
}
