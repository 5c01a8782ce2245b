package dev.fusedit.fusion.flow;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.fusion.config.Bound;

/// How far noise levels are moved towards noise: σ' = s σ / (1 + (s − 1) σ) (Esser et al. 2024, section 5.3.2).
public sealed interface Shift {
    /// The same for all images, in training too.
    ///
    /// @param factor s; 1 leaves levels as they are
    record Fixed(double factor) implements Shift {
        public Fixed {
            checkArgument(factor > 0, "shift must be positive, got %s", factor);
        }
    }

    /// More for larger images, in sampling only: s = exp(μ), μ a line through two points (diffusers' `use_dynamic_shifting`).
    ///
    /// @param base μ of an image of `baseTokens`
    /// @param most μ of one of `mostTokens`
    record Dynamic(double base, double most, int baseTokens, int mostTokens) implements Shift {
        public Dynamic {
            checkArgument(baseTokens > 0 && mostTokens > 0 && baseTokens != mostTokens,
                    "base_image_seq_len and max_image_seq_len must be two numbers of tokens, got %s and %s", baseTokens, mostTokens);
            Bound.SHIFT.check("exp(base_shift)", Math.exp(base));
            Bound.SHIFT.check("exp(max_shift)", Math.exp(most));
        }

        /// As FLUX and Stable Diffusion 3.5 have it, from 256 px to 1024 px.
        public static Dynamic usual() { return new Dynamic(0.5, 1.15, 256, 4096); }

        /// @param tokens of the image: patches of latents
        public OfSize at(int tokens) {
            checkArgument(tokens > 0, "an image has tokens, got %s", tokens);
            var slope = (most - base) / (mostTokens - baseTokens);
            double mu = tokens * slope + (base - slope * baseTokens);
            Bound.SHIFT.check("the shift of an image of %d tokens, beyond which noise levels are all alike,".formatted(tokens),
                    Math.exp(mu));
            return new OfSize(mu);
        }
    }

    /// A dynamic one, for images of one size.
    record OfSize(double mu) implements Shift {}

    /// Whether it depends on the images' size.
    default boolean isDynamic() {
        return switch (this) {
            case Fixed _ -> false;
            case Dynamic _ -> true;
            case OfSize _ -> false;
        };
    }

    /// A level in sampling.
    ///
    /// @throws IllegalArgumentException if it depends on the images' size
    default double applied(double sigma) {
        return switch (this) {
            case Fixed(var factor) -> factor * sigma / (1 + (factor - 1) * sigma);
            case OfSize(var mu) -> Math.exp(mu) / (Math.exp(mu) + (1 / sigma - 1));
            case Dynamic _ -> throw new IllegalArgumentException("a dynamic shift needs the image's number of tokens");
        };
    }

    /// The same in f32, as Python's library computes what it holds or is given in f32.
    default float applied(float sigma) {
        return switch (this) {
            case Fixed(var factor) -> (float) factor * sigma / (1 + (float) (factor - 1) * sigma);
            case OfSize(var mu) -> (float) Math.exp(mu) / ((float) Math.exp(mu) + (1 / sigma - 1));
            case Dynamic _ -> (float) applied((double) sigma);
        };
    }
}
