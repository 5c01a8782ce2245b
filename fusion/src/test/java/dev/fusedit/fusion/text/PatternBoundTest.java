package dev.fusedit.fusion.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PatternBoundTest {
    /// CLIP, GPT-2, Llama 3, Qwen, o200k, BLOOM, and parts of others.
    @ParameterizedTest
    @ValueSource(strings = {"<\\|startoftext\\|>|<\\|endoftext\\|>|'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+",
        "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
        "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
        "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\\p{N}{1,3}"
                + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
        " ?[^(\\s|[.,!?…。，、।۔،])]+", "\\s+", " {2,}", "[0-9][0-9][0-9]", "(?<=\\p{L})-", "\\x{4e00}|\\u4e01"})
    void whatIsPublishedIsSafeOnLongTexts(String pattern) { assertThat(PatternBound.longest(pattern)).isGreaterThan(50_000); }

    @ParameterizedTest
    @ValueSource(
            strings = {"(a*)*b", "(a|a)*b", "(a|b)+c", "a*a*a*a*a*b", "(a?){30}a", "(a+a+)+$", "a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?b"})
    void whatTakesTooManyWaysIsRefused(String pattern) {
        assertThatThrownBy(() -> PatternBound.longest(pattern)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("ways");
    }

    @Test
    void twoThatCanShareAreSquare() { assertThat(PatternBound.longest("a*a*b")).isBetween(900, 1000); }

    @ParameterizedTest
    @ValueSource(
            strings = {"(", ")", "[a", "a)", "(a)\\1", "(?<n>a)\\k<n>", "(?~a)", "(?(1)a)", "(*FAIL)", "a**", "a{2}{3}", "*", "\\", "\\x{1",
                "\\p", "\\X", "\\R", "(?#x)", "a{2000}", "(?<!a)*", "((((((((((((((((((((((a))))))))))))))))))))))"})
    void whatIsNotKnownIsRefused(String pattern) {
        assertThatThrownBy(() -> PatternBound.longest(pattern)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("not understood");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a*", "a|", "(?=a)", "\\b", "(a?|b)", "^$", "a{0,3}"})
    void someMatchNothing(String pattern) {
        assertThat(PatternBound.matchesNothing(pattern)).isTrue();
        assertThat(PatternBound.matchesNothing("(?:" + pattern + ")x")).isFalse();
    }
}
