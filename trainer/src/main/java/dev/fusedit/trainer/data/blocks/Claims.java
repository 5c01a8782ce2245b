package dev.fusedit.trainer.data.blocks;

import com.google.common.collect.ImmutableList;
import java.util.List;

/// Makes up claims of a kind, as a split wants them.
final class Claims {
    private static final ImmutableList<Thing> ALL = ImmutableList.<Thing>builder().addAll(HeldOut.SEEN).addAll(HeldOut.PAIRS).build();

    private final Dice dice;
    private final Split split;
    private final int namedPercent;

    Claims(Dice dice, Split split, int namedPercent) {
        this.dice = dice;
        this.split = split;
        this.namedPercent = namedPercent;
    }

    Claim draw(Kind kind) {
        return switch (kind) {
            case SINGLE -> named() ? new Claim.Single(thing()) : new Claim.Single(Thing.of(dice.pick(BlockShape.values())));
            case COLORS -> named() ? new Claim.Colors(thing()) : new Claim.Colors(Thing.of(dice.pick(BlockColor.values())));
            case TWO -> two();
            case COUNTING -> new Claim.Counting(dice.between(2, 4), thing());
            case POSITION -> {
                var things = different();
                yield new Claim.Position(things.getFirst(), dice.pick(Relation.values()), things.getLast());
            }
            case ATTRIBUTION -> {
                var things = different();
                yield new Claim.Attribution(things.getFirst(), things.getLast());
            }
        };
    }

    /// Whether single, colors and two name both.
    private boolean named() {
        return switch (split) {
            case SEEN, PARAPHRASE -> false;
            case HELDOUT -> true;
            case TRAIN, TEXT -> dice.below(100) < namedPercent;
        };
    }

    /// With one of the two named in full, in either place.
    private Claim two() {
        boolean named = named();
        var one = thing();
        BlockShape other;
        do other = dice.pick(BlockShape.values()); while (other == one.shape());
        var first = named ? one : Thing.of(one.shape());
        return dice.below(2) == 0 ? new Claim.Two(first, Thing.of(other)) : new Claim.Two(Thing.of(other), first);
    }

    private Thing thing() {
        return dice.pick(switch (split) {
            case TRAIN, SEEN, PARAPHRASE -> HeldOut.SEEN;
            case HELDOUT -> HeldOut.PAIRS;
            case TEXT -> ALL;
        });
    }

    /// Two things that differ in colour and in shape, in either order; of held-out pairs, one.
    private List<Thing> different() {
        var one = thing();
        var others = split == Split.TEXT ? ALL : HeldOut.SEEN;
        Thing other;
        do other = dice.pick(others); while (other.color() == one.color() || other.shape() == one.shape());
        return dice.below(2) == 0 ? ImmutableList.of(one, other) : ImmutableList.of(other, one);
    }
}
