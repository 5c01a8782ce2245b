package dev.fusedit.fusion.dit;

import dev.fusedit.nn.Init;
import dev.fusedit.nn.Linear;
import dev.fusedit.nn.Weights;
import dev.fusedit.nn.ops.Ops;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// What of a [TimeConditioning] is a block's own: where its six vectors come from.
public sealed interface BlockModulation {
    /// adaLN-zero: a linear layer, which begins as zeros.
    record Zero(Linear linear) implements BlockModulation {}

    /// adaLN-single: a table, added to what all blocks share.
    record Single(Tensor table_X) implements BlockModulation {}

    /// The noise level does not act on single blocks.
    record None() implements BlockModulation {}

    static BlockModulation of(DiTConfig config, Weights block) {
        long width = config.width();
        return switch (config.time()) {
            case TimeConditioning.AdaLnZero() ->
                    new Zero(Linear.of(block.in("input_layernorm.linear"), Init.ZEROS, width, Modulation.PARTS * width, true));
            case TimeConditioning.AdaLnSingle() ->
                    new Single(block.get("scale_shift_table", Init.normal(1 / Math.sqrt(width)), Modulation.PARTS * width));
            case TimeConditioning.Addition() -> new None();
            case TimeConditioning.None() -> new None();
        };
    }

    /// @param time null where the noise level is not told
    default Modulation of(Ops ops, TimeEmbedding.@Nullable State time) {
        return switch (this) {
            case Zero(var linear) -> TensorScope.scoped(
                    () -> Modulation.of(ops, ops.linear(linear, Objects.requireNonNull(time).modulation()), null));
            case Single(var table) -> TensorScope.scoped(() -> Modulation.of(ops, Objects.requireNonNull(time).modulation(), table));
            case None() -> Modulation.NONE;
        };
    }
}
