package dev.fusedit.trainer.recipe;

import static dev.fusedit.fusion.config.Rules.checkArgument;

import dev.fusedit.fusion.config.Bound;
import dev.fusedit.fusion.config.Default;
import dev.fusedit.fusion.config.Doc;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.recipe.binding.Names;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

public record Run(
        String name,
        @Doc("from which all randomness of the run derives, but the data's own") @Default("0") long seed,
        @Doc("in which numbers the models compute; 'auto' is bf16 where this machine multiplies it faster than "
                + "f32, else f32") @Default("auto") Precision precision,
        @Default("cpu") Device device,
        @Doc("parts of each micro-batch that are computed side by side, a CPU thread each; 'auto' fits them to the threads. A run's result "
                + "depends on them, so its folder holds the number") @Default("auto") OptionalInt lanes,
        @Doc("folder of what is made; 'runs/NAME' if left out, and '--out' wins") @Nullable String output,
        @Doc("about how long the whole recipe takes where it was tuned, or what '--minutes' asked for") @Nullable Double minutes,
        @Doc("with whose habits, where they differ from what is sensible") @Default("none") Compatibility compatibility) {
    public Run {
        checkArgument(name.matches("[A-Za-z0-9][A-Za-z0-9_.-]*"), "name must be letters, digits, '-', '_' or '.', but is '%s'", name);
        checkArgument(lanes.isEmpty() || lanes.getAsInt() >= 1 && lanes.getAsInt() <= Bound.THREADS.most(),
                "lanes must be auto or from 1 to %s, but is %s", Bound.THREADS.most(), lanes.orElse(0));
        PathText.check("output", output);
        Bound.MINUTES.check("minutes", minutes);
    }

    /// @throws UserError if a run cannot take so many
    public static void requireMinutes(double minutes) {
        try {
            Bound.MINUTES.check("--minutes", minutes);
        } catch (IllegalArgumentException e) {
            throw new UserError(e.getMessage(), e);
        }
    }

    Run withMinutes(@Nullable Double other) { return new Run(name, seed, precision, device, lanes, output, other, compatibility); }

    /// With what was left to the machine decided.
    public Run with(Precision chosen, int lanesOfIt) {
        return new Run(name, seed, chosen, device, OptionalInt.of(lanesOfIt), output, minutes, compatibility);
    }

    /// Whether nothing is left to the machine.
    public boolean isSettled() { return precision != Precision.AUTO && lanes.isPresent(); }

    /// What is left to the machine here as it is there.
    Run adopting(Run other) {
        return new Run(name, seed, precision == Precision.AUTO ? other.precision : precision, device, lanes.isEmpty() ? other.lanes : lanes,
                output, minutes, compatibility);
    }

    /// In which numbers the models compute.
    public enum Precision {
        /// [#BF16] or [#F32], whichever this machine is faster in; decided before anything is built.
        AUTO,
        F32,
        /// Matrices in bf16. Masters, gradients' sums, norms, softmax, losses, moments and averages in f32; parts that no stage trains are
        /// stored in bf16.
        BF16,
        /// As bf16, in f16 with a dynamic scale of the loss.
        F16,
        /// No masters: weights in bf16, rounded stochastically.
        PURE_BF16,
        /// For tests.
        F64;

        /// As a recipe spells it: `pure-bf16`.
        public String word() { return Names.constant(this); }

        /// For a `switch` over precisions: `auto` was to be decided before.
        public IllegalStateException open() { return new IllegalStateException("run.precision is still " + this); }
    }

    public enum Device { CPU, CUDA }

    /// The paper's reference also takes weight decay from the last layer's queries, which never get a gradient.
    public enum Compatibility { NONE, REFERENCE }
}
