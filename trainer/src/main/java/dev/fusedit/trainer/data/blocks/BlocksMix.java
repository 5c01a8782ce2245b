package dev.fusedit.trainer.data.blocks;

import static com.google.common.base.Preconditions.checkArgument;

/// How often each kind of caption comes in training, as weights, and how often (of 100) single, colors and two name both colour and
/// shape. Full names teach which word means what; the open forms are what the score asks for.
public record BlocksMix(int single, int two, int counting, int colors, int position, int attribution, int namedPercent) {
    public static final BlocksMix DEFAULT = new BlocksMix(3, 3, 3, 2, 3, 3, 50);

    public BlocksMix {
        checkArgument(single >= 0 && two >= 0 && counting >= 0 && colors >= 0 && position >= 0 && attribution >= 0,
                "weights must not be negative: %s %s %s %s %s %s", single, two, counting, colors, position, attribution);
        checkArgument(single + two + counting + colors + position + attribution > 0, "one weight must be above 0");
        checkArgument(namedPercent >= 0 && namedPercent <= 100, "namedPercent goes from 0 to 100, not %s", namedPercent);
    }

    /// Only this kind.
    public static BlocksMix only(Kind kind) {
        return new BlocksMix(kind == Kind.SINGLE ? 1 : 0, kind == Kind.TWO ? 1 : 0, kind == Kind.COUNTING ? 1 : 0,
                kind == Kind.COLORS ? 1 : 0,
                kind == Kind.POSITION ? 1 : 0, kind == Kind.ATTRIBUTION ? 1 : 0, DEFAULT.namedPercent);
    }

    Kind draw(Dice dice) { return Kind.values()[dice.weighted(single, two, counting, colors, position, attribution)]; }
}
