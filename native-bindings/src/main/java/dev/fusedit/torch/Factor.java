package dev.fusedit.torch;

import static com.google.common.base.Preconditions.checkArgument;

/// What tensors are multiplied by: a number that Java knows, or one that a device has computed and Java has not read.
public sealed interface Factor {
    Factor ONE = new Known(1);

    record Known(double number) implements Factor {}

    /// @param number 0-dim, floating, on the device of what it multiplies
    record OnDevice(Tensor number) implements Factor {
        public OnDevice {
            checkArgument(number.rank() == 0, "a factor is one number, got %s", number);
        }
    }

    /// x times this, of x's dtype. A factor that is known to be 1 makes no copy.
    default Tensor times(Tensor x) {
        return switch (this) {
            case Known(var number) -> number == 1 ? x : x.mul(number);
            case OnDevice(var number) -> x.mul(number.to(x.dtype()));
        };
    }

    /// x ← this · x
    default void scale(Tensor x) {
        switch (this) {
            case Known(var number) -> x.mulInPlace(number);
            case OnDevice(var number) -> x.mulInPlace(number.to(x.dtype()));
        }
    }
}
