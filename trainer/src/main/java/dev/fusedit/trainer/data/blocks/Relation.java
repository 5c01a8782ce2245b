package dev.fusedit.trainer.data.blocks;

/// Where the first object is, seen from the second.
public enum Relation {
    LEFT_OF, RIGHT_OF, ABOVE, BELOW;

    /// The same fact, told from the second object: left of becomes right of.
    public Relation mirrored() {
        return switch (this) {
            case LEFT_OF -> RIGHT_OF;
            case RIGHT_OF -> LEFT_OF;
            case ABOVE -> BELOW;
            case BELOW -> ABOVE;
        };
    }
}
