package dev.fusedit.cli;

import dev.fusedit.fusion.config.Bound;
import dev.fusedit.torch.UserError;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Numbers that options give, against the bounds of what they count or measure: one that lies outside is a mistake of the user.
final class OptionBounds {
    private OptionBounds() {}

    /// @param value null for an option that was not given
    /// @throws UserError naming the option if it lies outside
    static void check(String option, Bound bound, @Nullable Number value) {
        if (value == null) return;
        made("", () -> value instanceof Integer whole ? bound.check(option, whole.intValue()) : bound.check(option, value.doubleValue()));
    }

    /// What a checked constructor makes of options.
    ///
    /// @param before the constructor's own words: the command, where they name no option
    /// @throws UserError if it refuses
    static <T> T made(String before, Supplier<T> constructor) {
        try {
            return constructor.get();
        } catch (IllegalArgumentException e) {
            throw new UserError(before + e.getMessage(), e);
        }
    }
}
