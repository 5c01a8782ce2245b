package dev.fusedit.torch;

/// Where random draws come from: a number, not a state. The same seed gives the same values, always; other purposes and steps get
/// seeds of their own by [#derive], so that nothing depends on what was drawn before.
///
/// On the CPU the values are those of PyTorch after `torch.manual_seed(value)`.
public record Seed(long value) {
    public static Seed of(long value) { return new Seed(value); }

    /// A seed for a purpose: a function of this seed, the name and the numbers.
    public Seed derive(String purpose, long... numbers) {
        var mixed = of(purpose);
        for (var number : numbers) {
            mixed = mix(mixed ^ mix(number));
        }
        return new Seed(mixed);
    }

    /// The seed whose first one for a purpose is this seed's of another number: `seed.leading(p, n).derive(p, 0)` is `seed.derive(p, n)`.
    /// So each of many things that a seed was taken for has a seed by which it is made again, alone. That of number 0 is this one.
    public Seed leading(String purpose, long number) {
        var mixed = of(purpose) ^ mix(number) ^ mix(0);
        for (int i = purpose.length() - 1; i >= 0; i--) {
            mixed = unmix(mixed) ^ purpose.charAt(i);
        }
        return new Seed(unmix(mixed));
    }

    private long of(String purpose) {
        var mixed = mix(value);
        for (int i = 0; i < purpose.length(); i++) {
            mixed = mix(mixed ^ purpose.charAt(i));
        }
        return mixed;
    }

    /// Draws one after the other from this seed.
    public RandomStream stream() { return new RandomStream(this); }

    /// SplitMix64's output function over a Weyl step.
    private static long mix(long z) {
        z += 0x9E3779B97F4A7C15L;
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }

    /// Backwards: each factor is the other's inverse modulo 2^64.
    private static long unmix(long z) {
        z = (z ^ z >>> 31 ^ z >>> 62) * 0x319642B2D24D8EC3L;
        z = (z ^ z >>> 27 ^ z >>> 54) * 0x96DE1B173F119089L;
        return (z ^ z >>> 30 ^ z >>> 60) - 0x9E3779B97F4A7C15L;
    }
}
