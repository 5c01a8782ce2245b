package dev.fusedit.trainer.optim;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToLongFunction;

/// Lists that are worked on piece by piece, so that memory holds what a piece needs.
final class Pieces {
    private Pieces() {}

    /// @param elements of each
    /// @param enough elements that end a piece
    /// @return all, in their order
    static <T> List<List<T>> of(List<T> all, ToLongFunction<T> elements, long enough) {
        var pieces = new ArrayList<List<T>>();
        int first = 0;
        long sum = 0;
        for (int i = 0; i < all.size(); i++) {
            sum += elements.applyAsLong(all.get(i));
            if (sum >= enough || i == all.size() - 1) {
                pieces.add(all.subList(first, i + 1));
                first = i + 1;
                sum = 0;
            }
        }
        return pieces;
    }
}
