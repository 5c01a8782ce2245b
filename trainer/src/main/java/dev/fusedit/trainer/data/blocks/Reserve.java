package dev.fusedit.trainer.data.blocks;

/// Which captions of seen pairs are kept for the score set `seen`. Where a kind has many meanings, whole meanings are kept, so those
/// captions say something new. Single, colors and two have 4, 6 and 12 meanings; there the phrase is what is new.
final class Reserve {
    private Reserve() {}

    static boolean holds(Claim claim, Phrasing phrasing) {
        return switch (claim) {
            case Claim.Single(var thing) -> thing.color() == null && phrase(phrasing, thing.shape().ordinal());
            case Claim.Colors(var thing) -> thing.shape() == null && phrase(phrasing, thing.color().ordinal());
            case Claim.Two(var a, var b) ->
                    a.color() == null && b.color() == null && phrase(phrasing, a.shape().ordinal() + 2 * b.shape().ordinal());
            case Claim.Counting(var count, var thing) -> (count + thing.color().ordinal() + 2 * thing.shape().ordinal()) % 5 == 0;
            case Claim.Attribution(var a, var b) -> (color(a) + color(b) + 2 * (shape(a) + shape(b))) % 5 == 0;
            case Claim.Position(var a, var relation, var b) -> switch (relation) {
                case LEFT_OF -> position(a, b, 0);
                case RIGHT_OF -> position(b, a, 0);
                case ABOVE -> position(a, b, 1);
                case BELOW -> position(b, a, 1);
            };
        };
    }

    private static boolean phrase(Phrasing phrasing, int meaning) {
        return !phrasing.equals(Phrasing.PLAIN) && (phrasing.number() + meaning) % 3 == 0;
    }

    private static boolean position(Thing a, Thing b, int axis) {
        return (color(a) + 2 * color(b) + shape(a) + 3 * shape(b) + axis) % 5 == 0;
    }

    private static int color(Thing thing) { return thing.color().ordinal(); }

    private static int shape(Thing thing) { return thing.shape().ordinal(); }
}
