package dev.fusedit.fusion.dit;

import dev.fusedit.nn.Init;
import dev.fusedit.nn.Linear;
import dev.fusedit.nn.Weights;
import dev.fusedit.nn.ops.Ops;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// What of a [TimeConditioning] is a block's own: where its six vectors come from, or the first of them where a block needs no more.
public sealed interface BlockModulation {
    /// adaLN-zero: a linear layer, which begins as zeros.
    record Zero(Linear linear, int parts) implements BlockModulation {}

    /// adaLN-single: a table, added to what all blocks share, or to the first of it.
    record Single(Tensor table_X, int parts) implements BlockModulation {}

    /// The noise level does not act on single blocks.
    record None() implements BlockModulation {}

    /// @param parts how many vectors, of a [Modulation]'s
    static BlockModulation of(DiTConfig config, Weights block, int parts) {
        long width = config.width();
        return switch (config.time()) {
            case TimeConditioning.AdaLnZero() ->
                    new Zero(Linear.of(block.in("input_layernorm.linear"), Init.ZEROS, width, parts * width, true), parts);
            case TimeConditioning.AdaLnSingle() ->
                    new Single(block.get("scale_shift_table", Init.normal(1 / Math.sqrt(width)), parts * width), parts);
            case TimeConditioning.Addition() -> new None();
            case TimeConditioning.None() -> new None();
        };
    }

    /// @param time null where the noise level is not told
    default Modulation of(Ops ops, TimeEmbedding.@Nullable State time) {
        return switch (this) {
            case Zero(var linear, var parts) -> TensorScope.scoped(
                    () -> Modulation.of(ops, ops.linear(linear, Objects.requireNonNull(time).modulation()), null, parts));
            case Single(var table, var parts) -> TensorScope.scoped(() -> {
                var all = Objects.requireNonNull(time).modulation();
                return Modulation.of(ops, parts == Modulation.PARTS ? all : ops.map(all, x -> x.narrow(-1, 0, table.size(0))), table,
                        parts);
            });
            case None() -> Modulation.NONE;
        };
    }
}
