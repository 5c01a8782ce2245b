package dev.fusedit.fusion.text;

import static com.google.common.base.Preconditions.checkArgument;

import java.util.ArrayList;
import java.util.List;

/// Reads a regular expression as far as its shape goes: what follows what, and how often. Only what tokenizers' patterns are made of is
/// known; references back, conditions, calls and the like are refused.
final class PatternParser {
    private static final int LONGEST = 10_000;
    private static final int DEEPEST = 20;
    private static final int MOST_TIMES = 1000;
    private static final String KNOWN_ESCAPES = "dDwWsShHrntfvaeux"; // one character
    private static final String PLACES = "bBAzZG";

    private final String pattern;
    private int at;
    private int depth;

    private PatternParser(String pattern) { this.pattern = pattern; }

    sealed interface Expression {}

    /// One character, of whatever set.
    record One() implements Expression {}

    /// A place between characters.
    record Place() implements Expression {}

    /// What must come, must not come, or be before; taken once and not tried again.
    record Look(Expression of) implements Expression {}

    record Sequence(List<Expression> of) implements Expression {}

    record Alternatives(List<Expression> of) implements Expression {}

    /// @param most [Integer#MAX_VALUE] for no end
    record Repeat(Expression of, int least, int most) implements Expression {}

    /// @throws IllegalArgumentException for what is not known
    static Expression parse(String pattern) {
        checkArgument(pattern.length() <= LONGEST, "a pattern of %s characters is too long", pattern.length());
        var parser = new PatternParser(pattern);
        var result = parser.alternatives();
        parser.require(parser.at == pattern.length(), "a closing bracket");
        return result;
    }

    private void require(boolean condition, String what) {
        checkArgument(condition, "%s at %s of the pattern %s is not understood", what, at, pattern);
    }

    private boolean next(String text) {
        var found = pattern.startsWith(text, at);
        at += found ? text.length() : 0;
        return found;
    }

    private Expression alternatives() {
        require(++depth <= DEEPEST, "the nesting");
        var result = new ArrayList<Expression>();
        do {
            result.add(sequence());
        } while (next("|"));
        depth--;
        return result.size() == 1 ? result.getFirst() : new Alternatives(List.copyOf(result));
    }

    private Expression sequence() {
        var result = new ArrayList<Expression>();
        while (at < pattern.length() && pattern.charAt(at) != '|' && pattern.charAt(at) != ')') {
            result.add(repeated(part()));
        }
        return result.size() == 1 ? result.getFirst() : new Sequence(List.copyOf(result));
    }

    private Expression part() {
        if (next("(")) {
            return group();
        } else if (next("[")) {
            return set();
        } else if (next("\\")) {
            return escape();
        } else if (next("^") || next("$")) {
            return new Place();
        }
        require("*+?".indexOf(pattern.charAt(at)) < 0, "a repetition of nothing");
        at += Character.charCount(pattern.codePointAt(at));
        return new One();
    }

    private Expression group() {
        var looks = next("?=") || next("?!") || next("?<=") || next("?<!");
        if (!looks && !next("?:") && !next("?>") && next("?")) {
            while (at < pattern.length() && "im-".indexOf(pattern.charAt(at)) >= 0) {
                at++;
            }
            if (next(")")) {
                return alternatives(); // an option for the rest of the group around
            }
            require(next(":"), "a kind of group");
        }
        require(!pattern.startsWith("*", at), "a call");
        var inside = alternatives();
        require(next(")"), "an open bracket");
        return looks ? new Look(inside) : inside;
    }

    private Expression escape() {
        require(at < pattern.length(), "the end");
        var c = pattern.charAt(at++);
        if (c == 'p' || c == 'P') {
            require(next("{") && pattern.indexOf('}', at) >= 0, "a property");
            at = pattern.indexOf('}', at) + 1;
        } else if (PLACES.indexOf(c) >= 0) {
            return new Place();
        } else if (c == 'x' && next("{")) {
            require(pattern.indexOf('}', at) >= 0, "a number");
            at = pattern.indexOf('}', at) + 1;
        } else if (c == 'x' || c == 'u') {
            hexadecimal(c == 'x' ? 2 : 4);
        } else {
            require(KNOWN_ESCAPES.indexOf(c) >= 0 || !isAsciiLetterOrDigit(c), "the escape \\" + c);
            at += Character.isHighSurrogate(c) ? 1 : 0;
        }
        return new One();
    }

    private void hexadecimal(int digits) {
        for (int i = 0; i < digits; i++, at++) {
            require(at < pattern.length() && Character.digit(pattern.charAt(at), 16) >= 0, "a number");
        }
    }

    private static boolean isAsciiLetterOrDigit(char c) { return c < 128 && Character.isLetterOrDigit(c); }

    /// Behind its opening bracket; sets may be inside.
    private Expression set() {
        require(++depth <= DEEPEST, "the nesting");
        next("^");
        var first = at;
        while (true) {
            require(at < pattern.length(), "an open set");
            if (next("\\")) {
                escape();
            } else if (next("[")) {
                set();
            } else if (pattern.charAt(at) == ']' && at > first) {
                at++;
                depth--;
                return new One();
            } else {
                at++;
            }
        }
    }

    // ---- repetitions

    private Expression repeated(Expression of) {
        int least, most;
        var open = at;
        if (next("*")) {
            least = 0;
            most = Integer.MAX_VALUE;
        } else if (next("+")) {
            least = 1;
            most = Integer.MAX_VALUE;
        } else if (next("?")) {
            least = 0;
            most = 1;
        } else if (next("{")) {
            var close = pattern.indexOf('}', at);
            var times = close < 0 ? "" : pattern.substring(at, close);
            if (!times.matches("\\d{1,4}|\\d{1,4},\\d{0,4}|,\\d{1,4}")) {
                at = open + 1; // itself
                return new Sequence(List.of(of, new One()));
            }
            at = close + 1;
            var comma = times.indexOf(',');
            least = number(comma < 0 ? times : times.substring(0, comma), 0);
            most = comma < 0 ? least : number(times.substring(comma + 1), Integer.MAX_VALUE);
            require(least <= MOST_TIMES && (most <= MOST_TIMES || most == Integer.MAX_VALUE) && least <= most, "a number of times");
        } else {
            return of;
        }
        require(!(of instanceof Place || of instanceof Look), "a repeated place");
        if (pattern.charAt(at - 1) != '}' && (next("?") || next("+"))) { // as few as do, or never given back: no more ways than all
            require(!isRepetition(), "a repetition of a repetition");
        }
        require(!isRepetition(), "a repetition of a repetition");
        return new Repeat(of, least, most);
    }

    private boolean isRepetition() {
        return at < pattern.length() && ("*+?".indexOf(pattern.charAt(at)) >= 0 || pattern.substring(at).matches("(?s)\\{[\\d,]+}.*"));
    }

    private static int number(String digits, int otherwise) { return digits.isEmpty() ? otherwise : Integer.parseInt(digits); }
}
