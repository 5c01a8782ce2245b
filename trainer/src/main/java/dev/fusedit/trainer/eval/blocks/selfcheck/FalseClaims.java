package dev.fusedit.trainer.eval.blocks.selfcheck;

import com.google.common.collect.ImmutableList;
import dev.fusedit.trainer.data.blocks.BlockColor;
import dev.fusedit.trainer.data.blocks.BlockShape;
import dev.fusedit.trainer.data.blocks.Claim;
import dev.fusedit.trainer.data.blocks.Dice;
import dev.fusedit.trainer.data.blocks.Relation;
import dev.fusedit.trainer.data.blocks.Thing;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/// Changes a caption so that its image no longer shows it.
final class FalseClaims {
    private FalseClaims() {}

    /// Every way to make this one change, but of other colours and shapes only one each. Empty where the claim has nothing to change.
    static List<Claim> of(Claim claim, Change change, Dice dice) {
        return switch (change) {
            case COLOR -> renamed(claim, thing -> recolored(thing, claim, dice));
            case SHAPE -> renamed(claim, thing -> reshaped(thing, claim, dice));
            case COUNT -> counts(claim);
            case RELATION -> claim instanceof Claim.Position(var a, var relation, var b)
                    ? Arrays.stream(Relation.values()).filter(other -> other != relation)
                            .map(other -> (Claim) new Claim.Position(a, other, b)).toList()
                    : ImmutableList.of();
            case SWAP -> switch (claim) {
                case Claim.Attribution(var a, var b) -> ImmutableList.of(new Claim.Attribution(mix(b, a), mix(a, b)));
                case Claim.Position(var a, var relation, var b) -> ImmutableList.of(new Claim.Position(mix(b, a), relation, mix(a, b)));
                case Claim.Single(_) -> ImmutableList.of();
                case Claim.Colors(_) -> ImmutableList.of();
                case Claim.Two(_, _) -> ImmutableList.of();
                case Claim.Counting(_, _) -> ImmutableList.of();
            };
            case ADDED -> claim instanceof Claim.Single(var thing)
                    ? ImmutableList.of(new Claim.Two(thing, Thing.of(other(BlockShape.values(), dice, List.of(thing.shape())))))
                    : ImmutableList.of();
            case REMOVED -> switch (claim) {
                case Claim.Two(var a, var b) -> ImmutableList.of(new Claim.Single(a), new Claim.Single(b));
                case Claim.Attribution(var a, var b) -> ImmutableList.of(new Claim.Single(a), new Claim.Single(b));
                case Claim.Position(var a, _, var b) -> ImmutableList.of(new Claim.Single(a), new Claim.Single(b));
                case Claim.Single(_) -> ImmutableList.of();
                case Claim.Colors(_) -> ImmutableList.of();
                case Claim.Counting(_, _) -> ImmutableList.of();
            };
        };
    }

    private static List<Claim> counts(Claim claim) {
        if (!(claim instanceof Claim.Counting(var count, var thing))) return ImmutableList.of();
        return Stream.of(count - 1, count + 1).filter(n -> n < 5)
                .map(n -> n == 1 ? new Claim.Single(thing) : (Claim) new Claim.Counting(n, thing)).toList();
    }

    private interface Renaming {
        Thing of(Thing thing);
    }

    /// Each named thing renamed in turn.
    private static List<Claim> renamed(Claim claim, Renaming renaming) {
        Stream<Claim> claims = switch (claim) {
            case Claim.Single(var a) -> Stream.of(new Claim.Single(renaming.of(a)));
            case Claim.Colors(var a) -> Stream.of(new Claim.Colors(renaming.of(a)));
            case Claim.Counting(var count, var a) -> Stream.of(new Claim.Counting(count, renaming.of(a)));
            case Claim.Two(var a, var b) -> Stream.of(new Claim.Two(renaming.of(a), b), new Claim.Two(a, renaming.of(b)));
            case Claim.Attribution(var a, var b) ->
                    Stream.of(new Claim.Attribution(renaming.of(a), b), new Claim.Attribution(a, renaming.of(b)));
            case Claim.Position(var a, var relation, var b) ->
                    Stream.of(new Claim.Position(renaming.of(a), relation, b), new Claim.Position(a, relation, renaming.of(b)));
        };
        return claims.filter(changed -> !changed.equals(claim)).toList();
    }

    /// In a colour that the claim does not name; as it was if it names none.
    private static Thing recolored(Thing thing, Claim claim, Dice dice) {
        if (thing.color() == null) return thing;
        var named = claim.things().stream().map(Thing::color).filter(Objects::nonNull).toList();
        return new Thing(other(BlockColor.values(), dice, named), thing.shape());
    }

    private static Thing reshaped(Thing thing, Claim claim, Dice dice) {
        if (thing.shape() == null) return thing;
        var named = claim.things().stream().map(Thing::shape).filter(Objects::nonNull).toList();
        return new Thing(thing.color(), other(BlockShape.values(), dice, named));
    }

    static <T> T other(T[] all, Dice dice, List<T> but) { return dice.pick(Arrays.stream(all).filter(one -> !but.contains(one)).toList()); }

    private static Thing mix(Thing color, Thing shape) { return new Thing(color.color(), shape.shape()); }
}
