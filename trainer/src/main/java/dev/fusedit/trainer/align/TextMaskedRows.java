package dev.fusedit.trainer.align;

import dev.fusedit.torch.Seed;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/// Which rows of a batch don't see their own text, so that their image tokens cannot copy it. They are drawn, evenly, from those whose
/// caption was not dropped: an image has nothing to do with an empty caption.
final class TextMaskedRows {
    /// Fewer cannot be compared.
    private static final int LEAST = 2;

    private TextMaskedRows() {}

    /// @param captions of the rows; "" where it was dropped
    /// @param share of all rows, rounded; 2 rows at least, if there are as many captions
    /// @param seed a function of the run's seed and the step
    static boolean[] of(List<String> captions, double share, Seed seed) {
        var textMasked = new boolean[captions.size()];
        IntStream.range(0, textMasked.length).filter(i -> !captions.get(i).isEmpty()).boxed()
                .sorted(Comparator.comparingLong(i -> seed.derive("blind", i).value()))
                .limit(Math.max(LEAST, Math.round(share * textMasked.length))).forEach(i -> textMasked[i] = true);
        return textMasked;
    }
}
