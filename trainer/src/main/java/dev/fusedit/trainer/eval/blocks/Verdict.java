package dev.fusedit.trainer.eval.blocks;

import org.jspecify.annotations.Nullable;

/// Whether an image shows what was claimed, and how much of it.
///
/// @param accepted all of it and nothing else
/// @param parts what came out right, also where the whole did not
/// @param shapes what became of the named shapes
public record Verdict(boolean accepted, Parts parts, Shapes shapes) {

    /// Each from 0 to 1, null where the claim does not name it.
    ///
    /// @param color part of the named colours that some object has
    /// @param shape part of the named shapes that some object has
    /// @param count 1 if there are as many objects as named
    /// @param place 1 if two objects of the two colours stand as named
    public record Parts(@Nullable Double color, @Nullable Double shape, double count, @Nullable Double place) {}

    /// Shapes in two parts: a model learns to close an outline before it learns which one is meant.
    ///
    /// @param named by the claim
    /// @param whole outlines that are closed and of any of the four shapes, at most as many as were named
    /// @param right those of them that are of a named shape, each name for one outline
    public record Shapes(int named, int whole, int right) {
        public static final Shapes NONE = new Shapes(0, 0, 0);
    }
}
