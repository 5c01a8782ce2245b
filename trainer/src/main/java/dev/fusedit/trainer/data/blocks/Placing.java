package dev.fusedit.trainer.data.blocks;

import dev.fusedit.trainer.data.blocks.Scene.Block;
import dev.fusedit.trainer.data.blocks.Scene.Rgb;
import java.util.ArrayList;
import java.util.List;

/// Makes up a scene of which a claim is true: what the claim leaves open is drawn, then all places at once until they fit.
final class Placing {
    static final int GAP = 2 * Scene.UNIT;
    /// How much further along the axis than across it, so that a relation is never doubtful.
    static final int CLEAR = Scene.UNIT;
    private static final int GROUND = 24;
    private static final int JITTER = 8;

    private Placing() {}

    static Scene scene(Claim claim, Dice dice) {
        var things = claim.things().stream().map(thing -> fill(thing, dice)).toList();
        var places = places(things.size(), claim, dice);
        var ground = new Rgb(dice.between(0, GROUND), dice.between(0, GROUND), dice.between(0, GROUND));
        var objects = new ArrayList<Block>();
        for (int i = 0; i < things.size(); i++) objects.add(block(things.get(i), places.get(i), dice));
        return new Scene(objects, ground);
    }

    /// What is open becomes anything but a held-out pair.
    private static Thing fill(Thing thing, Dice dice) {
        if (thing.color() != null && thing.shape() != null) return thing;
        Thing filled;
        do {
            var color = thing.color() != null ? thing.color() : dice.pick(BlockColor.values());
            var shape = thing.shape() != null ? thing.shape() : dice.pick(BlockShape.values());
            filled = Thing.of(color, shape);
        } while (filled.isHeldOut());
        return filled;
    }

    private record Place(int x, int y, int diameter) {}

    private static List<Place> places(int count, Claim claim, Dice dice) {
        while (true) {
            var places = new ArrayList<Place>();
            while (places.size() < count) {
                var place = place(count, dice);
                if (!places.stream().allMatch(other -> apart(place, other))) break;
                places.add(place);
            }
            if (places.size() == count && holds(claim, places)) return places;
        }
    }

    private static Place place(int count, Dice dice) {
        int diameter = switch (count) {
            case 1 -> dice.between(10 * Scene.UNIT, 18 * Scene.UNIT);
            case 2 -> dice.between(9 * Scene.UNIT, 13 * Scene.UNIT);
            default -> dice.between(8 * Scene.UNIT, 10 * Scene.UNIT);
        };
        int nearest = GAP + (diameter + 1) / 2;
        int furthest = Scene.SIDE * Scene.UNIT - nearest;
        return new Place(dice.between(nearest, furthest), dice.between(nearest, furthest), diameter);
    }

    /// The boxes leave a free strip between them, upright or level.
    private static boolean apart(Place a, Place b) {
        int needed = a.diameter + b.diameter + 2 * GAP;
        return 2 * Math.abs(a.x - b.x) >= needed || 2 * Math.abs(a.y - b.y) >= needed;
    }

    private static boolean holds(Claim claim, List<Place> places) {
        if (!(claim instanceof Claim.Position position)) return true;
        int right = places.get(0).x - places.get(1).x;
        int down = places.get(0).y - places.get(1).y;
        return switch (position.relation()) {
            case LEFT_OF -> -right >= Math.abs(down) + CLEAR;
            case RIGHT_OF -> right >= Math.abs(down) + CLEAR;
            case ABOVE -> -down >= Math.abs(right) + CLEAR;
            case BELOW -> down >= Math.abs(right) + CLEAR;
        };
    }

    private static Block block(Thing thing, Place place, Dice dice) {
        var color = thing.color();
        var shape = thing.shape();
        if (color == null || shape == null) throw new IllegalArgumentException("not filled: " + thing);
        var paint = new Rgb(jitter(color.channel(0), dice), jitter(color.channel(1), dice), jitter(color.channel(2), dice));
        return new Block(color, shape, place.x, place.y, place.diameter, paint);
    }

    private static int jitter(int value, Dice dice) { return Math.clamp(value + dice.between(-JITTER, JITTER), 0, 255); }
}
