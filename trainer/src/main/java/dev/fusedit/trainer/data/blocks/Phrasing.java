package dev.fusedit.trainer.data.blocks;

import com.google.common.collect.ImmutableList;

/// How a claim is put into words: one of three wordings, between one of eight openings and one of three endings.
record Phrasing(int wording, int opening, int ending) {
    static final ImmutableList<String> OPENINGS = ImmutableList.of(
            "", "a picture of", "a drawing of", "an image of", "the picture shows", "we see", "just", "only");
    static final ImmutableList<String> ENDINGS = ImmutableList.of("", "on a dark ground", "and nothing else");
    static final Phrasing PLAIN = new Phrasing(0, 0, 0);

    /// The plain parts come most often.
    static Phrasing draw(Dice dice) {
        int wording = dice.weighted(4, 1, 1);
        int opening = dice.below(2) == 0 ? 0 : dice.between(1, OPENINGS.size() - 1);
        int ending = dice.weighted(6, 1, 1);
        return new Phrasing(wording, opening, ending);
    }

    int number() { return (wording * OPENINGS.size() + opening) * ENDINGS.size() + ending; }

    String text(Claim claim, Words words) {
        return (OPENINGS.get(opening) + " " + core(claim, words) + " " + ENDINGS.get(ending)).strip();
    }

    private String core(Claim claim, Words words) {
        return switch (claim) {
            case Claim.Single(var thing) ->
                    choose(Words.a(name(thing, words)), "one " + name(thing, words), "a single " + name(thing, words));
            case Claim.Colors(var thing) -> colors(thing, words);
            case Claim.Two(var first, var second) -> both(first, second, words);
            case Claim.Attribution(var first, var second) -> both(first, second, words);
            case Claim.Counting(var count, var thing) -> {
                var counted = words.count(count) + " " + names(thing, words);
                yield choose(counted, "exactly " + counted, "altogether " + counted);
            }
            case Claim.Position(var first, var relation, var second) -> {
                var a = Words.a(name(first, words));
                var how = words.relation(relation, wording > 0);
                var b = Words.a(name(second, words));
                yield choose(a + " " + how + " " + b, a + " which is " + how + " " + b, b + " with " + a + " " + how + " it");
            }
        };
    }

    private String colors(Thing thing, Words words) {
        var color = words.color(thing.color());
        var open = choose(Words.a(color) + " thing", Words.a(color) + " object", "something " + color);
        return thing.shape() == null ? open : open + " that is " + Words.a(words.shape(thing.shape(), false));
    }

    private String both(Thing first, Thing second, Words words) {
        var a = Words.a(name(first, words));
        var b = Words.a(name(second, words));
        return choose(a + " and " + b, a + " with " + b, a + " together with " + b);
    }

    private String choose(String... wordings) { return wordings[wording]; }

    private static String name(Thing thing, Words words) { return colored(thing, words) + words.shape(thing.shape(), false); }

    private static String names(Thing thing, Words words) { return colored(thing, words) + words.shape(thing.shape(), true); }

    private static String colored(Thing thing, Words words) { return thing.color() == null ? "" : words.color(thing.color()) + " "; }
}
