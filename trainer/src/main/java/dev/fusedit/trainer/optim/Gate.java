package dev.fusedit.trainer.optim;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.Factor;
import dev.fusedit.torch.Tensor;
import org.jspecify.annotations.Nullable;

/// Whether a step changes anything. Where Java has read the step's numbers it knows, and does not begin a step that does not; else the device
/// does the step's work either way and keeps what was there, to the bit, if the step is not taken.
public sealed interface Gate {
    /// Java knows that the step is taken.
    Gate OPEN = new Open();

    record Open() implements Gate {}

    /// @param taken bool, 0-dim, where the weights are
    record OnDevice(Tensor taken) implements Gate {}

    /// A number that changes something: 0 in a step that is not taken.
    default Factor change(double number) { return orElse(number, 0); }

    /// As [#change(double)], of a number that the device has computed: read where Java may.
    ///
    /// @param number_ f64, 0-dim
    default Factor change(Tensor number_) {
        return switch (this) {
            case Open() -> new Factor.Known(number_.item());
            case OnDevice(var taken) -> new Factor.OnDevice(taken.where(number_, like(0, taken)));
        };
    }

    /// A number that something is multiplied by: 1 in a step that is not taken.
    default Factor scale(double number) { return orElse(number, 1); }

    /// x, or zeros in a step that is not taken, since what overflowed times 0 is not 0.
    default Tensor clean(Tensor x) {
        return switch (this) {
            case Open() -> x;
            case OnDevice(var taken) -> x.maskedFill(taken.logicalNot(), 0.0);
        };
    }

    /// As fused optimizers ask for it: f32, 0-dim, 1 in a step that is not taken; null where the step is known to be.
    default @Nullable Tensor foundInf() {
        return switch (this) {
            case Open() -> null;
            case OnDevice(var taken) -> taken.logicalNot().to(DType.F32);
        };
    }

    private Factor orElse(double number, double notTaken) {
        return switch (this) {
            case Open() -> new Factor.Known(number);
            case OnDevice(var taken) -> new Factor.OnDevice(taken.where(like(number, taken), like(notTaken, taken)));
        };
    }

    private static Tensor like(double number, Tensor place) { return Tensor.full(number, DType.F64, place.device()); }
}
