package dev.fusedit.torch;

/// Where random draws come from: a number, not a state. The same seed gives the same values, always; other purposes and steps get
/// seeds of their own by [#derive], so that nothing depends on what was drawn before.
///
/// On the CPU the values are those of PyTorch after `torch.manual_seed(value)`.
public record Seed(long value) {
    public static Seed of(long value) { return new Seed(value); }

    /// A seed for a purpose: a function of this seed, the name and the numbers.
    public Seed derive(String purpose, long... numbers) {
        var mixed = mix(value);
        for (int i = 0; i < purpose.length(); i++) {
            mixed = mix(mixed ^ purpose.charAt(i));
        }
        for (var number : numbers) {
            mixed = mix(mixed ^ mix(number));
        }
        return new Seed(mixed);
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
}
