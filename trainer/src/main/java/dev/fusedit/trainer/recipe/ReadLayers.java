package dev.fusedit.trainer.recipe;

import static dev.fusedit.fusion.config.Rules.checkArgument;

import com.google.common.collect.Comparators;
import com.google.common.collect.ImmutableList;
import dev.fusedit.fusion.config.Bound;
import dev.fusedit.fusion.config.Doc;
import dev.fusedit.fusion.config.Usual;
import dev.fusedit.trainer.recipe.binding.Names;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Which layers of the language model the blocks of a fused model read: the i-th block keys and values of the i-th of them.
///
/// The text goes through every layer up to the last that is read. Layers between run as the language model's own, for the text alone; of the
/// last one keys and values are computed, and no more.
public sealed interface ReadLayers {
    @Doc("As many as there are blocks, from 'initial_layers' on; the language model is cut off behind them.")
    record First() implements ReadLayers {}

    @Doc("As many as there are blocks, up to the last one.")
    record Last() implements ReadLayers {}

    @Doc("Evenly over the depth: of n layers, block i of b reads layer round(i · (n − 1) / (b − 1)), halves up, so the first and the last one are "
            + "read. A single block reads the last one.")
    record Spread() implements ReadLayers {}

    @Doc("These, one for each block, counted from 0, in growing order. '[0, 9, 17]' is short for it.")
    @Usual
    record Listed(List<Integer> layers) implements ReadLayers {
        public Listed {
            checkArgument(!layers.isEmpty() && layers.stream().allMatch(layer -> layer >= 0 && layer < Bound.LAYERS.most()),
                    "layers must be numbers from 0 to %s, but is %s", Bound.LAYERS.most() - 1, layers);
            checkArgument(Comparators.isInStrictOrder(layers, Comparator.naturalOrder()), "layers must be in growing order, but is %s",
                    layers);
            layers = ImmutableList.copyOf(layers);
        }
    }

    /// Whether it is the usual choice, for which `initial_layers` and `shared_layers` say more.
    default boolean isFirst() {
        return switch (this) {
            case First() -> true;
            case Last() -> false;
            case Spread() -> false;
            case Listed _ -> false;
        };
    }

    /// The layers, in the order of the blocks.
    ///
    /// @param all layers of the language model
    /// @param blocks of the image side; those beyond `all` read nothing
    default ImmutableList<Integer> of(int all, int blocks) {
        int read = Math.min(all, blocks);
        return switch (this) {
            case First() -> numbers(IntStream.range(0, read));
            case Last() -> numbers(IntStream.range(all - read, all));
            case Spread() ->
                    numbers(IntStream.range(0, read).map(i -> read == 1 ? all - 1 : (2 * i * (all - 1) + read - 1) / (2 * (read - 1))));
            case Listed(var layers) -> ImmutableList.copyOf(layers);
        };
    }

    private static ImmutableList<Integer> numbers(IntStream layers) { return layers.boxed().collect(ImmutableList.toImmutableList()); }

    /// Refuses what cannot be of a model.
    ///
    /// @param all layers of the language model, as far as the recipe says
    default void check(Model.Fusion fusion, int blocks, OptionalInt all, int initialLayers, @Nullable List<Integer> sharedLayers) {
        checkArgument(isFirst() || fusion.isDeep(),
                "read_layers must be left out: with fusion '%s' all blocks read one hidden state, which fusion.hidden_state names",
                Names.variant(fusion.getClass()));
        checkArgument(isFirst() || initialLayers == 0 && sharedLayers == null,
                "read_layers must be first, or left out, beside %s, which says already which layers are read",
                initialLayers == 0 ? "shared_layers" : "initial_layers");
        switch (this) {
            case First() -> {}
            case Last() -> {}
            case Spread() -> {}
            case Listed(var layers) -> {
                checkArgument(layers.size() == blocks, "read_layers must name a layer for each of the %s blocks (dit.layers), but is %s",
                        blocks, layers);
                checkArgument(all.isEmpty() || layers.isEmpty() || layers.getLast() < all.getAsInt(),
                        "read_layers must name layers from 0 to %s, those of the language model, but is %s", all.orElse(0) - 1, layers);
            }
        }
    }
}
