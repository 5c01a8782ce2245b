package dev.fusedit.trainer.data.blocks;

import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import java.util.List;
import java.util.Locale;

/// The names that a caption uses. Image captions speak plainly; the text corpus also knows, and explains, other names.
interface Words {
    String color(BlockColor color);

    /// In the plural if so asked.
    String shape(BlockShape shape, boolean many);

    /// What stands between the two objects.
    String relation(Relation relation, boolean longer);

    /// What stands before a plural.
    String count(int count);

    Words PLAIN = new Words() {
        @Override
        public String color(BlockColor color) { return color.word(); }

        @Override
        public String shape(BlockShape shape, boolean many) { return many ? plural(shape.word()) : shape.word(); }

        @Override
        public String relation(Relation relation, boolean longer) {
            return switch (relation) {
                case LEFT_OF -> longer ? "to the left of" : "left of";
                case RIGHT_OF -> longer ? "to the right of" : "right of";
                case ABOVE, BELOW -> relation.name().toLowerCase(Locale.ROOT);
            };
        }

        @Override
        public String count(int count) { return COUNTS.get(count); }
    };

    ImmutableList<String> COUNTS = ImmutableList.of("zero", "one", "two", "three", "four");

    ImmutableMap<BlockColor, ImmutableList<String>> OTHER_COLORS = ImmutableMap.of(
            BlockColor.RED, ImmutableList.of("crimson", "scarlet"), BlockColor.GREEN, ImmutableList.of("emerald", "jade"),
            BlockColor.BLUE, ImmutableList.of("azure", "cobalt"), BlockColor.YELLOW, ImmutableList.of("golden", "lemon"),
            BlockColor.PURPLE, ImmutableList.of("violet", "mauve"), BlockColor.WHITE, ImmutableList.of("ivory", "snowy"));

    ImmutableMap<BlockShape, ImmutableList<String>> OTHER_SHAPES = ImmutableMap.of(
            BlockShape.CIRCLE, ImmutableList.of("disc", "ball"), BlockShape.SQUARE, ImmutableList.of("box", "tile"),
            BlockShape.TRIANGLE, ImmutableList.of("wedge", "pyramid"), BlockShape.CROSS, ImmutableList.of("plus", "crosspiece"));

    ImmutableMap<Relation, ImmutableList<String>> OTHER_RELATIONS = ImmutableMap.of(
            Relation.LEFT_OF, ImmutableList.of("west of", "leftward of"), Relation.RIGHT_OF, ImmutableList.of("east of", "rightward of"),
            Relation.ABOVE, ImmutableList.of("over", "higher than"), Relation.BELOW, ImmutableList.of("under", "beneath"));

    ImmutableMap<Integer, ImmutableList<String>> OTHER_COUNTS = ImmutableMap.of(
            2, ImmutableList.of("a pair of", "a couple of"), 3, ImmutableList.of("a trio of", "a triple of"),
            4, ImmutableList.of("a quartet of", "a foursome of"));

    /// The words by which paraphrases differ from image captions.
    ImmutableSet<String> TEXT_ONLY = textOnly();

    /// Each name is another one with even odds.
    static Words strange(Dice dice) {
        return new Words() {
            @Override
            public String color(BlockColor color) { return either(PLAIN.color(color), OTHER_COLORS.get(color)); }

            @Override
            public String shape(BlockShape shape, boolean many) {
                var word = either(shape.word(), OTHER_SHAPES.get(shape));
                return many ? plural(word) : word;
            }

            @Override
            public String relation(Relation relation, boolean longer) {
                return either(PLAIN.relation(relation, longer), OTHER_RELATIONS.get(relation));
            }

            @Override
            public String count(int count) { return either(PLAIN.count(count), OTHER_COUNTS.get(count)); }

            private String either(String plain, List<String> others) { return dice.below(2) == 0 ? plain : dice.pick(others); }
        };
    }

    static String plural(String word) { return word.endsWith("s") || word.endsWith("x") ? word + "es" : word + "s"; }

    /// With its article.
    static String a(String words) { return ("aeiou".indexOf(words.charAt(0)) >= 0 ? "an " : "a ") + words; }

    private static ImmutableSet<String> textOnly() {
        var words = ImmutableSet.<String>builder();
        OTHER_COLORS.values().forEach(words::addAll);
        OTHER_SHAPES.values().forEach(names -> names.forEach(name -> words.add(name, plural(name))));
        OTHER_RELATIONS.values().forEach(names -> names.forEach(name -> words.add(Splitter.on(' ').splitToList(name).getFirst())));
        OTHER_COUNTS.values().forEach(names -> names.forEach(name -> words.add(Splitter.on(' ').splitToList(name).get(1))));
        return words.build();
    }
}
