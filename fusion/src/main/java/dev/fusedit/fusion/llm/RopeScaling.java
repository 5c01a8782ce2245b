package dev.fusedit.fusion.llm;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.nn.RotaryEmbedding;

/// How rotary frequencies are slowed down for texts longer than those that a model was first trained with.
public sealed interface RopeScaling {
    RopeScaling NONE = new None();

    /// Not at all.
    record None() implements RopeScaling {}

    /// All of them by one factor (Chen et al. 2023, arXiv 2306.15595).
    record Linear(double factor) implements RopeScaling {
        public Linear {
            checkArgument(factor > 0, "rope_scaling's factor must be positive, got %s", factor);
        }
    }

    /// Waves longer than the old context by the factor, short ones not, those between by something between (Llama 3.1).
    ///
    /// @param lowFactor the old context holds at most so many of the waves that are slowed down in full
    /// @param highFactor and at least so many of those that are not slowed down
    /// @param oldContext tokens that the model was first trained with
    record Llama3(double factor, double lowFactor, double highFactor, int oldContext) implements RopeScaling {
        public Llama3 {
            checkArgument(factor > 0 && lowFactor > 0 && highFactor > lowFactor && oldContext > 0,
                    "bad rope_scaling: factor %s, low_freq_factor %s, high_freq_factor %s, original_max_position_embeddings %s", factor,
                    lowFactor, highFactor, oldContext);
        }

        private float scaled(float frequency) {
            var waves = (float) (oldContext * frequency / (2 * Math.PI)); // in the old context
            if (waves < lowFactor) {
                return (float) (frequency / factor);
            }
            if (waves > highFactor) {
                return frequency;
            }
            var smooth = (float) ((waves - lowFactor) / (highFactor - lowFactor));
            return (float) ((1 - smooth) * frequency / factor + smooth * frequency);
        }
    }

    /// Frequencies of a head's pairs, in f32.
    default float[] frequencies(int width, double theta) {
        var frequencies = RotaryEmbedding.frequencies(width, theta);
        for (int i = 0; i < frequencies.length; i++) {
            frequencies[i] = switch (this) {
                case None() -> frequencies[i];
                case Linear(var factor) -> (float) (frequencies[i] / factor);
                case Llama3 llama -> llama.scaled(frequencies[i]);
            };
        }
        return frequencies;
    }
}
