package dev.fusedit.trainer.recipe;

import static com.google.common.base.Preconditions.checkArgument;

import org.jspecify.annotations.Nullable;

/// @param seed from which all randomness of the run derives, but the data's own
/// @param output folder of what is made; `runs/NAME` if left out, and `--out` wins
/// @param minutes about how long the whole recipe takes where it was tuned, or what `--minutes` asked for
/// @param compatibility with whose habits, where they differ from what is sensible
public record Run(String name, @Default("0") long seed, @Default("f32") Precision precision, @Default("cpu") Device device,
        @Nullable String output, @Nullable Double minutes, @Default("none") Compatibility compatibility) {
    public Run {
        checkArgument(name.matches("[A-Za-z0-9][A-Za-z0-9_.-]*"), "name must be letters, digits, '-', '_' or '.', but is '%s'", name);
        checkArgument(minutes == null || minutes > 0, "minutes must be more than 0, but is %s", minutes);
    }

    Run withMinutes(@Nullable Double other) { return new Run(name, seed, precision, device, output, other, compatibility); }

    /// In which numbers the models compute.
    public enum Precision {
        F32,
        /// Matrices in bf16. Masters, gradients' sums, norms, softmax, losses, moments and averages in f32; parts that no stage trains are
        /// stored in bf16.
        BF16,
        /// As bf16, in f16 with a dynamic scale of the loss.
        F16,
        /// No masters: weights in bf16, rounded stochastically.
        PURE_BF16,
        /// For tests.
        F64
    }

    public enum Device { CPU, CUDA }

    /// The paper's reference also takes weight decay from the last layer's queries, which never get a gradient.
    public enum Compatibility { NONE, REFERENCE }
}
