package dev.fusedit.trainer.data.blocks;

import com.google.common.base.Joiner;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSortedSet;
import java.util.TreeSet;
import java.util.stream.Stream;

/// What the language model reads: image captions, held-out pairs among them, and sentences that explain other words for the same
/// things, tell places the other way round and do small sums. No prompt of a score set is ever among them, word by word.
public final class BlocksText {
    private static final int NAMED_PERCENT = 60;

    private BlocksText() {}

    /// The same arguments give the same sentence: lower case, words parted by one space, no stops.
    public static String sentence(long seed, long index) {
        var dice = new Dice(seed, Split.TEXT.purpose(), index);
        String sentence;
        do sentence = draw(dice); while (BlocksPrompts.contain(sentence));
        return sentence;
    }

    private static String draw(Dice dice) {
        return switch (dice.weighted(6, 3, 3, 4, 2, 1, 1)) {
            case 0 -> caption(dice, Words.PLAIN);
            case 1 -> caption(dice, Words.strange(dice));
            case 2 -> meaning(dice);
            case 3 -> sameInOtherWords(dice);
            case 4 -> otherWayRound(dice);
            case 5 -> sum(dice);
            default -> fact(dice);
        };
    }

    private static String caption(Dice dice, Words words) {
        var claim = claim(dice, dice.pick(Kind.values()));
        return Phrasing.draw(dice).text(claim, words);
    }

    /// Not of a meaning that the score set `seen` keeps.
    private static Claim claim(Dice dice, Kind kind) {
        Claim claim;
        do claim = new Claims(dice, Split.TEXT, NAMED_PERCENT).draw(kind); while (Reserve.holds(claim, Phrasing.PLAIN));
        return claim;
    }

    /// "crimson is red", "a disc is a circle", "over means above", "a trio of means three"
    private static String meaning(Dice dice) {
        return switch (dice.below(4)) {
            case 0 -> {
                var color = dice.pick(BlockColor.values());
                var other = dice.pick(Words.OTHER_COLORS.get(color));
                yield dice.pick(ImmutableList.of(other + " is " + color.word(), other + " means " + color.word(),
                        Words.a(other) + " thing is " + Words.a(color.word()) + " thing"));
            }
            case 1 -> {
                var shape = dice.pick(BlockShape.values());
                var other = dice.pick(Words.OTHER_SHAPES.get(shape));
                yield dice.pick(ImmutableList.of(Words.a(other) + " is " + Words.a(shape.word()), other + " means " + shape.word(),
                        Words.plural(other) + " are " + Words.plural(shape.word())));
            }
            case 2 -> {
                var relation = dice.pick(Relation.values());
                yield dice.pick(Words.OTHER_RELATIONS.get(relation)) + " means " + Words.PLAIN.relation(relation, dice.below(2) == 0);
            }
            default -> {
                int count = dice.between(2, 4);
                yield dice.pick(Words.OTHER_COUNTS.get(count)) + " means " + Words.PLAIN.count(count);
            }
        };
    }

    /// "a crimson disc over an azure box is the same as a red circle above a blue square"
    private static String sameInOtherWords(Dice dice) {
        var claim = claim(dice, dice.pick(Kind.values()));
        var strange = Phrasing.PLAIN.text(claim, Words.strange(dice));
        var plain = Phrasing.PLAIN.text(claim, Words.PLAIN);
        return dice.below(2) == 0 ? strange + " is the same as " + plain : plain + " is the same as " + strange;
    }

    /// "a red circle above a blue square means a blue square below a red circle"
    private static String otherWayRound(Dice dice) {
        var claim = (Claim.Position) claim(dice, Kind.POSITION);
        var mirrored = new Claim.Position(claim.second(), claim.relation().mirrored(), claim.first());
        var words = dice.below(2) == 0 ? Words.PLAIN : Words.strange(dice);
        return Phrasing.PLAIN.text(claim, words) + " means " + Phrasing.PLAIN.text(mirrored, words);
    }

    /// "one circle and two circles make three circles"
    private static String sum(Dice dice) {
        int all = dice.between(2, 4);
        int some = dice.between(1, all - 1);
        if (dice.below(2) == 0) return Joiner.on(' ').join(count(some), "and", count(all - some), "make", count(all));
        var shape = dice.pick(BlockShape.values());
        return Joiner.on(' ').join(of(some, shape), "and", of(all - some, shape), "make", of(all, shape));
    }

    private static String count(int count) { return Words.PLAIN.count(count); }

    private static String of(int count, BlockShape shape) { return count(count) + " " + Words.PLAIN.shape(shape, count > 1); }

    /// "red is a color", "a circle is a shape", "a red circle is red"
    private static String fact(Dice dice) {
        var color = dice.pick(BlockColor.values());
        var shape = dice.pick(BlockShape.values());
        var whole = Words.a(color.word()) + " " + shape.word();
        return switch (dice.below(4)) {
            case 0 -> color.word() + " is a color";
            case 1 -> Words.a(shape.word()) + " is a shape";
            case 2 -> whole + " is " + color.word();
            default -> whole + " is " + Words.a(shape.word());
        };
    }

    /// Every word that a caption or sentence can have, in alphabetical order.
    public static ImmutableSortedSet<String> words() {
        var words = new TreeSet<String>();
        for (long index = 0; index < 20_000; index++)
            sentence(0, index).lines().flatMap(line -> Stream.of(line.split(" "))).forEach(words::add);
        return ImmutableSortedSet.copyOf(words);
    }
}
