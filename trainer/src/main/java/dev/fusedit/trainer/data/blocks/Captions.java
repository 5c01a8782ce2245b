package dev.fusedit.trainer.data.blocks;

import com.google.common.base.Splitter;

/// Makes up captions so that the splits never share one:
/// training never draws what `Reserve` holds and `seen` draws only that; `heldout` names a held-out pair and training never does;
/// a paraphrase has a word that no other split's captions have.
final class Captions {
    private Captions() {}

    static Caption draw(Dice dice, Kind kind, Split split, int namedPercent) {
        while (true) {
            var claim = new Claims(dice, split, namedPercent).draw(kind);
            var phrasing = Phrasing.draw(dice);
            if (Reserve.holds(claim, phrasing) != (split == Split.SEEN) && split != Split.HELDOUT) continue;
            var text = phrasing.text(claim, split == Split.PARAPHRASE ? Words.strange(dice) : Words.PLAIN);
            if (split == Split.PARAPHRASE && !isStrange(text)) continue;
            return new Caption(claim, text);
        }
    }

    private static boolean isStrange(String text) { return Splitter.on(' ').splitToStream(text).anyMatch(Words.TEXT_ONLY::contains); }
}
