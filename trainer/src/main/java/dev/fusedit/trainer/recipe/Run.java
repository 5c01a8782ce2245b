package dev.fusedit.trainer.recipe;

import static com.google.common.base.Preconditions.checkArgument;

import org.jspecify.annotations.Nullable;

/// @param seed from which all randomness of the run derives, but the data's own
/// @param minutes about how long the whole recipe takes where it was tuned; `--minutes` scales all stages against it
public record Run(String name, @Default("0") long seed, @Default("f32") Precision precision, @Nullable Double minutes) {
    public Run {
        checkArgument(name.matches("[A-Za-z0-9][A-Za-z0-9_.-]*"), "name must be letters, digits, '-', '_' or '.', but is '%s'", name);
        checkArgument(minutes == null || minutes > 0, "minutes must be more than 0, but is %s", minutes);
    }

    /// In which numbers the models compute. With bf16 the weights, moments and averages stay f32.
    public enum Precision { F32, BF16 }
}
