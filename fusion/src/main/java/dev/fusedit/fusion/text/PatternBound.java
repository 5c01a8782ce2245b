package dev.fusedit.fusion.text;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.fusion.text.PatternParser.Alternatives;
import dev.fusedit.fusion.text.PatternParser.Expression;
import dev.fusedit.fusion.text.PatternParser.Look;
import dev.fusedit.fusion.text.PatternParser.One;
import dev.fusedit.fusion.text.PatternParser.Place;
import dev.fusedit.fusion.text.PatternParser.Repeat;
import dev.fusedit.fusion.text.PatternParser.Sequence;

/// How often a regular expression can fail and try again, at most, before it gives up on one place of a text.
///
/// The tokenizer library's regex machine counts its retries, stops at 10 million, and then ends the whole process. So a pattern from a
/// file is only used on texts that cannot take it there. The count is a product over what follows each other, a sum over alternatives.
/// What stands at the end of the pattern and may match nothing cannot fail, so nothing before it is ever tried again for its sake: that
/// is what makes the published patterns (`\s*[\r\n]+`, `\p{Lu}*\p{Ll}+('s|'t)?`) linear, and leaves `a*a*b` with the square of the length.
final class PatternBound {
    /// A tenth of the machine's own limit: a way that fails may count for several retries.
    private static final double RETRIES = 1e6;
    private static final int LONGEST = 1 << 20;

    private PatternBound() {}

    /// The longest text, in characters, that a pattern is safe on.
    ///
    /// @throws IllegalArgumentException if it has constructs that are not known, or it is safe on no text of useful length
    static int longest(String pattern) {
        var expression = PatternParser.parse(pattern);
        int low = 0, high = LONGEST;
        while (low < high) {
            var middle = (low + high + 1) / 2;
            if (ways(expression, middle, true) <= RETRIES) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        checkArgument(low >= 100, "the pattern %s can take too many ways through a text", pattern);
        return low;
    }

    /// Whether a pattern can match between two characters.
    static boolean matchesNothing(String pattern) { return matchesNothing(PatternParser.parse(pattern)); }

    private static boolean matchesNothing(Expression expression) {
        return switch (expression) {
            case One _ -> false;
            case Place _ -> true;
            case Look _ -> true;
            case Alternatives alternatives -> alternatives.of().stream().anyMatch(PatternBound::matchesNothing);
            case Sequence sequence -> sequence.of().stream().allMatch(PatternBound::matchesNothing);
            case Repeat repeat -> repeat.least() == 0 || matchesNothing(repeat.of());
        };
    }

    /// @param last whether nothing that can fail comes behind
    private static double ways(Expression expression, int length, boolean last) {
        return switch (expression) {
            case One _ -> 1;
            case Place _ -> 1;
            case Look look -> ways(look.of(), length, false);
            case Alternatives alternatives -> alternatives.of().stream().mapToDouble(each -> ways(each, length, last)).sum();
            case Sequence sequence -> {
                double ways = 1;
                var unfailing = last;
                for (var part : sequence.of().reversed()) {
                    ways *= ways(part, length, unfailing);
                    unfailing &= part instanceof Repeat repeat && repeat.least() == 0;
                }
                yield ways;
            }
            case Repeat repeat -> repeated(repeat, length, last);
        };
    }

    private static double repeated(Repeat repeat, int length, boolean last) {
        var times = (double) Math.min(repeat.most(), length);
        var once = ways(repeat.of(), length, false);
        if (last && repeat.least() <= 1) {
            return repeat.of() instanceof One ? 1 : Math.max(times, 1) * once; // a round that fails only ends it
        }
        return (Math.max(times - repeat.least(), 0) + 1) * (once == 1 ? 1 : Math.pow(once, times));
    }
}
