package dev.fusedit.trainer.data.blocks;

import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// Captions in pairs that differ in one word, and images of which one is true and the other false. Of seen pairs of colour and shape only;
/// the first caption is one that training never has.
public final class MinimalPairs {
    private static final long PURPOSE = 111;
    private static final int TRIES = 1000;

    private MinimalPairs() {}

    /// What the one word is about.
    public enum Attribute {
        COLOR, SHAPE, COUNT, RELATION;

        /// Whether captions of a kind name it.
        boolean isOf(Kind kind) {
            return switch (this) {
                case COLOR -> kind != Kind.SINGLE && kind != Kind.TWO;
                case SHAPE -> kind != Kind.COLORS;
                case COUNT -> kind == Kind.COUNTING;
                case RELATION -> kind == Kind.POSITION;
            };
        }
    }

    /// @param number by which it is drawn again
    public record Pair(Kind kind, Attribute attribute, long number, Caption first, Caption second) {
        /// Images of both captions. What both leave open is drawn alike, where they can be.
        ///
        /// @param side a multiple of 32
        public List<byte[]> images(int side) { return List.of(Blocks.drawn(first, number, side), Blocks.drawn(second, number, side)); }
    }

    /// So many pairs of each kind and each attribute that it names, the same for the same seed.
    public static ImmutableList<Pair> draw(long seed, int each) {
        var pairs = ImmutableList.<Pair>builder();
        for (var kind : Kind.values())
            for (var attribute : Attribute.values())
                if (attribute.isOf(kind)) pairs.addAll(draw(seed, kind, attribute, each));
        return pairs.build();
    }

    /// Different ones, as long as there are any.
    private static List<Pair> draw(long seed, Kind kind, Attribute attribute, int each) {
        var pairs = new ArrayList<Pair>();
        var texts = new HashSet<String>();
        for (int tries = 0; pairs.size() < each; tries++) {
            var dice = new Dice(seed, PURPOSE + 8L * kind.ordinal(), attribute.ordinal() * 1_000_003L + tries);
            var claim = new Claims(dice, Split.SEEN, BlocksMix.DEFAULT.namedPercent()).draw(kind);
            var phrasing = Phrasing.draw(dice);
            var other = changed(claim, attribute, dice);
            if (other.isEmpty() || !Reserve.holds(claim, phrasing)) continue;
            var first = new Caption(claim, phrasing.text(claim, Words.PLAIN));
            var second = new Caption(other.get(), phrasing.text(other.get(), Words.PLAIN));
            if (texts.add(first.text() + "|" + second.text()) || tries > TRIES)
                pairs.add(new Pair(kind, attribute, dice.bits(), first, second));
        }
        return pairs;
    }

    private static Optional<Claim> changed(Claim claim, Attribute attribute, Dice dice) {
        int at = dice.below(claim.things().size());
        return switch (attribute) {
            case COLOR -> with(claim, at, thing -> new Thing(other(BlockColor.values(), thing.color(), dice), thing.shape()));
            case SHAPE -> with(claim, at, thing -> new Thing(thing.color(), other(BlockShape.values(), thing.shape(), dice)));
            case COUNT -> switch (claim) {
                case Claim.Counting(var count, var thing) ->
                        Optional.of(new Claim.Counting(other(new Integer[] {2, 3, 4}, count, dice), thing));
                case Claim.Single _ -> Optional.empty();
                case Claim.Colors _ -> Optional.empty();
                case Claim.Two _ -> Optional.empty();
                case Claim.Position _ -> Optional.empty();
                case Claim.Attribution _ -> Optional.empty();
            };
            case RELATION -> switch (claim) {
                case Claim.Position(var a, var relation, var b) -> Optional.of(new Claim.Position(a, relation.mirrored(), b));
                case Claim.Single _ -> Optional.empty();
                case Claim.Colors _ -> Optional.empty();
                case Claim.Two _ -> Optional.empty();
                case Claim.Counting _ -> Optional.empty();
                case Claim.Attribution _ -> Optional.empty();
            };
        };
    }

    private static <T> T other(T[] all, @Nullable T than, Dice dice) {
        return dice.pick(Arrays.stream(all).filter(each -> !each.equals(than)).toList());
    }

    /// The claim about another thing, if that is one: of a seen pair, and unlike what stands beside it.
    private static Optional<Claim> with(Claim claim, int at, UnaryOperator<Thing> change) {
        var things = new ArrayList<>(claim.things());
        var changed = change.apply(things.get(at));
        if (changed.isHeldOut()) return Optional.empty();
        things.set(at, changed);
        return switch (claim) {
            case Claim.Single _ -> Optional.of(new Claim.Single(changed));
            case Claim.Colors _ -> Optional.of(new Claim.Colors(changed));
            case Claim.Counting(var count, _) -> Optional.of(new Claim.Counting(count, changed));
            case Claim.Two _ -> differ(things, false) ? Optional.of(new Claim.Two(things.get(0), things.get(1))) : Optional.empty();
            case Claim.Position(_, var relation, _) ->
                    differ(things, true) ? Optional.of(new Claim.Position(things.get(0), relation, things.get(1))) : Optional.empty();
            case Claim.Attribution _ ->
                    differ(things, true) ? Optional.of(new Claim.Attribution(things.get(0), things.get(1))) : Optional.empty();
        };
    }

    private static boolean differ(List<Thing> two, boolean inColor) {
        return two.get(0).shape() != two.get(1).shape() && !(inColor && two.get(0).color() == two.get(1).color());
    }
}
