package dev.fusedit.trainer.data.blocks;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import java.util.LinkedHashMap;

/// The three score sets: for each kind the first 48 different captions that the split draws, always the same.
public final class BlocksPrompts {
    public static final int PER_KIND = 48;
    private static final long SEED = 1;
    private static final long FIRST_PURPOSE = 16;

    private static final ImmutableMap<Split, ImmutableList<Caption>> SETS = ImmutableMap.of(
            Split.SEEN, draw(Split.SEEN), Split.HELDOUT, draw(Split.HELDOUT), Split.PARAPHRASE, draw(Split.PARAPHRASE));

    private static final ImmutableSet<String> TEXTS =
            SETS.values().stream().flatMap(ImmutableList::stream).map(Caption::text).collect(ImmutableSet.toImmutableSet());

    private BlocksPrompts() {}

    /// Of `SEEN`, `HELDOUT` or `PARAPHRASE`: 48 of each kind, kinds in their order.
    public static ImmutableList<Caption> of(Split split) {
        var set = SETS.get(split);
        checkArgument(set != null, "%s is no score set", split);
        return set;
    }

    /// The first so many of each kind.
    public static ImmutableList<Caption> of(Split split, int perKind) {
        var chosen = ImmutableList.<Caption>builder();
        for (var kind : Kind.values()) {
            of(split).stream().filter(caption -> caption.kind() == kind).limit(perKind).forEach(chosen::add);
        }
        return chosen.build();
    }

    /// Whether any set asks for this, word by word.
    static boolean contain(String text) { return TEXTS.contains(text); }

    private static ImmutableList<Caption> draw(Split split) {
        var prompts = ImmutableList.<Caption>builder();
        for (var kind : Kind.values()) {
            var dice = new Dice(SEED, FIRST_PURPOSE + split.purpose(), kind.ordinal());
            var captions = new LinkedHashMap<String, Caption>();
            while (captions.size() < PER_KIND) {
                var caption = Captions.draw(dice, kind, split, BlocksMix.DEFAULT.namedPercent());
                captions.putIfAbsent(caption.text(), caption);
            }
            prompts.addAll(captions.values());
        }
        return prompts.build();
    }
}
