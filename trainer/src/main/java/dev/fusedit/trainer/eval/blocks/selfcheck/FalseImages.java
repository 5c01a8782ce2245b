package dev.fusedit.trainer.eval.blocks.selfcheck;

import dev.fusedit.trainer.data.blocks.BlockColor;
import dev.fusedit.trainer.data.blocks.BlockShape;
import dev.fusedit.trainer.data.blocks.Claim;
import dev.fusedit.trainer.data.blocks.Dice;
import dev.fusedit.trainer.data.blocks.Relation;
import dev.fusedit.trainer.data.blocks.Scene;
import dev.fusedit.trainer.data.blocks.Scene.Block;
import dev.fusedit.trainer.data.blocks.Scene.Rgb;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Changes a scene so that its caption is no longer true of it.
final class FalseImages {
    private static final int SIDE = Scene.SIDE * Scene.UNIT;
    private static final int GAP = 2 * Scene.UNIT;
    private static final int TRIES = 300;

    private FalseImages() {}

    /// Null where the claim has nothing to change, or no room for one object more.
    static @Nullable Scene of(Claim claim, Scene scene, Change change, Dice dice) {
        var objects = new ArrayList<>(scene.objects());
        int at = dice.below(objects.size());
        var object = objects.get(at);
        var thing = claim.things().get(at);
        boolean paired = claim instanceof Claim.Attribution || claim instanceof Claim.Position;
        switch (change) {
            case COLOR -> {
                if (thing.color() == null) return null;
                objects.set(at, painted(object, FalseClaims.other(BlockColor.values(), dice, List.of(object.color()))));
            }
            case SHAPE -> {
                if (thing.shape() == null) return null;
                var shape = FalseClaims.other(BlockShape.values(), dice, List.of(object.shape()));
                objects.set(at, new Block(object.color(), shape, object.x(), object.y(), object.diameter(), object.paint()));
            }
            case COUNT -> {
                if (!(claim instanceof Claim.Counting)) return null;
                if (dice.below(2) == 0) objects.remove(at);
                else if (!add(objects, object.color(), object.shape(), dice)) return null;
            }
            case RELATION -> {
                if (!(claim instanceof Claim.Position(_, var relation, _))) return null;
                objects.replaceAll(block -> reflected(block, relation == Relation.LEFT_OF || relation == Relation.RIGHT_OF));
            }
            case SWAP -> {
                if (!paired) return null;
                var first = objects.get(0);
                var second = objects.get(1);
                objects.set(0, painted(first, second.color()));
                objects.set(1, painted(second, first.color()));
            }
            case ADDED -> {
                if (!add(objects, dice.pick(BlockColor.values()), dice.pick(BlockShape.values()), dice)) return null;
            }
            case REMOVED -> objects.remove(at);
        }
        return new Scene(objects, scene.ground());
    }

    private static Block painted(Block block, BlockColor color) {
        var paint = new Rgb(color.channel(0), color.channel(1), color.channel(2));
        return new Block(color, block.shape(), block.x(), block.y(), block.diameter(), paint);
    }

    private static Block reflected(Block block, boolean sideways) {
        int x = sideways ? SIDE - block.x() : block.x();
        int y = sideways ? block.y() : SIDE - block.y();
        return new Block(block.color(), block.shape(), x, y, block.diameter(), block.paint());
    }

    /// Of 8 to 10 pixels, 2 from all others.
    private static boolean add(List<Block> objects, BlockColor color, BlockShape shape, Dice dice) {
        for (int i = 0; i < TRIES; i++) {
            int diameter = dice.between(8 * Scene.UNIT, 10 * Scene.UNIT);
            int nearest = GAP + (diameter + 1) / 2;
            var added =
                    painted(new Block(color, shape, dice.between(nearest, SIDE - nearest), dice.between(nearest, SIDE - nearest), diameter,
                            new Rgb(0, 0, 0)), color);
            if (!objects.stream().allMatch(other -> apart(added, other))) continue;
            objects.add(added);
            return true;
        }
        return false;
    }

    private static boolean apart(Block a, Block b) {
        return 2 * Math.max(Math.abs(a.x() - b.x()), Math.abs(a.y() - b.y())) >= a.diameter() + b.diameter() + 2 * GAP;
    }
}
