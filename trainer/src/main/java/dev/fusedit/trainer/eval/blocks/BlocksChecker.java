package dev.fusedit.trainer.eval.blocks;

import dev.fusedit.trainer.data.blocks.Claim;
import dev.fusedit.trainer.data.blocks.Relation;
import dev.fusedit.trainer.data.blocks.Thing;
import dev.fusedit.trainer.eval.blocks.Verdict.Parts;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Judges images by their pixels alone: those of 32 × 32 pixels as they are, larger ones by their copy of 32 × 32, in which each pixel
/// is the mean of those that it stands for.
public final class BlocksChecker {
    /// Pixels between centres, along the axis.
    private static final double APART = 6;
    /// Pixels that no shape explains, where shapes matter.
    private static final int MOST_STRAY = 8;
    /// For an object of any shape: compact, and of one colour.
    private static final double MOST_ELONGATED = 1.4;
    private static final double PURE = 0.8;
    private static final double EVEN = 0.5;

    private BlocksChecker() {}

    /// @param rgb side · side · 3 bytes, rows from the top, in a row from the left, red green blue; the side is a multiple of 32. What is
    ///        seen is told in pixels of the copy of 32 × 32
    public static Sight look(byte[] rgb) { return Finder.look(ImageAboveGround.shrunk(rgb)); }

    public static Verdict judge(Claim claim, byte[] rgb) { return judge(claim, look(rgb)); }

    public static Verdict judge(Claim claim, Sight sight) {
        var parts = new Parts(part(claim, sight, Thing::color, Found::color), part(claim, sight, Thing::shape, Found::shape),
                sight.found().size() == claim.things().size() ? 1 : 0, place(claim, sight));
        return new Verdict(sight.flaws().isEmpty() && isWorld(claim, sight) && isTrue(claim, sight.found()), parts, shapes(claim, sight));
    }

    /// As many objects as named, each of some colour and large enough. Where any shape is named, each of them is whole and of some shape,
    /// and shapes explain the whole image; where none is, a compact object of one colour will do, whatever its outline.
    private static boolean isWorld(Claim claim, Sight sight) {
        boolean shapes = claim.things().stream().anyMatch(thing -> thing.shape() != null);
        return sight.found().size() == claim.things().size() && !(shapes && sight.stray() > MOST_STRAY)
                && sight.found().stream().allMatch(object -> object.color() != null && object.size() >= smallest(sight.found().size())
                        && (shapes ? object.whole() && object.shape() != null : isCompact(object.blob())));
    }

    private static boolean isCompact(Found.Blob blob) {
        return blob.elongation() <= MOST_ELONGATED && blob.purity() >= PURE && blob.evenness() >= EVEN;
    }

    /// The least size in an image of so many. For one it is strict: half a triangle of 18 pixels is a triangle of 9.
    private static double smallest(int count) { return count == 1 ? 9.5 : count == 2 ? 7.5 : 6.5; }

    private static boolean isTrue(Claim claim, List<Found> found) {
        var things = claim.things();
        return switch (claim) {
            case Claim.Position(var first, var relation, var second) ->
                    inOrder(things, found) && stand(found.get(0), relation, found.get(1))
                            || inOrder(things, found.reversed()) && stand(found.get(1), relation, found.get(0));
            case Claim.Two(_, _) -> inOrder(things, found) || inOrder(things, found.reversed());
            case Claim.Attribution(_, _) -> inOrder(things, found) || inOrder(things, found.reversed());
            case Claim.Single(_) -> inOrder(things, found);
            case Claim.Colors(_) -> inOrder(things, found);
            case Claim.Counting(_, _) -> inOrder(things, found);
        };
    }

    private static boolean inOrder(List<Thing> things, List<Found> found) {
        for (int i = 0; i < things.size(); i++) if (!is(found.get(i), things.get(i))) return false;
        return true;
    }

    private static boolean is(Found object, Thing thing) {
        return (thing.color() == null || thing.color() == object.color()) && (thing.shape() == null || thing.shape() == object.shape());
    }

    private static boolean stand(Found first, Relation relation, Found second) {
        double right = first.x() - second.x();
        double down = first.y() - second.y();
        return switch (relation) {
            case LEFT_OF -> -right >= APART && -right > Math.abs(down);
            case RIGHT_OF -> right >= APART && right > Math.abs(down);
            case ABOVE -> -down >= APART && -down > Math.abs(right);
            case BELOW -> down >= APART && down > Math.abs(right);
        };
    }

    private static <T> @Nullable Double part(Claim claim, Sight sight, Function<Thing, @Nullable T> named,
            Function<Found, @Nullable T> shown) {
        var left = new ArrayList<>(sight.found().stream().map(shown).filter(Objects::nonNull).toList());
        var wanted = claim.things().stream().map(named).filter(Objects::nonNull).toList();
        return wanted.isEmpty() ? null : (double) wanted.stream().filter(left::remove).count() / wanted.size();
    }

    private static Verdict.Shapes shapes(Claim claim, Sight sight) {
        var named = claim.things().stream().map(Thing::shape).filter(Objects::nonNull).toList();
        var outlines = new ArrayList<>(sight.found().stream().filter(Found::whole).map(Found::shape).filter(Objects::nonNull).toList());
        int whole = Math.min(named.size(), outlines.size());
        return new Verdict.Shapes(named.size(), whole, (int) named.stream().filter(outlines::remove).count());
    }

    private static @Nullable Double place(Claim claim, Sight sight) {
        if (!(claim instanceof Claim.Position(var first, var relation, var second))) return null;
        for (var one : sight.found())
            for (var other : sight.found())
                if (one.color() == first.color() && other.color() == second.color() && stand(one, relation, other)) return 1.0;
        return 0.0;
    }
}
