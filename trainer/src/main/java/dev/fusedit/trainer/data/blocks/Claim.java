package dev.fusedit.trainer.data.blocks;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableList;
import java.util.Collections;
import java.util.List;

/// What a caption says. The world is closed: the image shows what is named and nothing else.
///
/// Single, colors and two usually leave the colour or the shape open. Where they name both, as the held-out prompts must, both count.
public sealed interface Claim {
    Kind kind();

    /// The objects that the image must show, in the order of the caption.
    List<Thing> things();

    /// "a circle"
    record Single(Thing thing) implements Claim {
        public Single {
            checkArgument(thing.shape() != null, "single names a shape, not %s", thing);
        }

        @Override
        public Kind kind() { return Kind.SINGLE; }

        @Override
        public List<Thing> things() { return ImmutableList.of(thing); }
    }

    /// "a red thing"
    record Colors(Thing thing) implements Claim {
        public Colors {
            checkArgument(thing.color() != null, "colors names a color, not %s", thing);
        }

        @Override
        public Kind kind() { return Kind.COLORS; }

        @Override
        public List<Thing> things() { return ImmutableList.of(thing); }
    }

    /// "a circle and a cross"
    record Two(Thing first, Thing second) implements Claim {
        public Two {
            checkArgument(first.shape() != null && second.shape() != null && first.shape() != second.shape(),
                    "two names two different shapes, not %s and %s", first, second);
        }

        @Override
        public Kind kind() { return Kind.TWO; }

        @Override
        public List<Thing> things() { return ImmutableList.of(first, second); }
    }

    /// "three red squares"
    record Counting(int count, Thing thing) implements Claim {
        public Counting {
            checkArgument(count >= 2 && count <= 4, "counting goes from 2 to 4, not %s", count);
            checkArgument(thing.color() != null && thing.shape() != null, "counting names color and shape, not %s", thing);
        }

        @Override
        public Kind kind() { return Kind.COUNTING; }

        @Override
        public List<Thing> things() { return Collections.nCopies(count, thing); }
    }

    /// "a red circle above a blue square"
    record Position(Thing first, Relation relation, Thing second) implements Claim {
        public Position {
            checkDiffer(first, second);
        }

        @Override
        public Kind kind() { return Kind.POSITION; }

        @Override
        public List<Thing> things() { return ImmutableList.of(first, second); }
    }

    /// "a red circle and a blue square"
    record Attribution(Thing first, Thing second) implements Claim {
        public Attribution {
            checkDiffer(first, second);
        }

        @Override
        public Kind kind() { return Kind.ATTRIBUTION; }

        @Override
        public List<Thing> things() { return ImmutableList.of(first, second); }
    }

    private static void checkDiffer(Thing first, Thing second) {
        boolean named = first.color() != null && first.shape() != null && second.color() != null && second.shape() != null;
        checkArgument(named && first.color() != second.color() && first.shape() != second.shape(),
                "names two objects of different color and shape, not %s and %s", first, second);
    }
}
