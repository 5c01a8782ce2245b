package dev.fusedit.trainer.eval.suite;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.base.Splitter;
import dev.fusedit.torch.Seed;
import dev.fusedit.trainer.data.blocks.MinimalPairs;
import dev.fusedit.trainer.eval.blocks.BlocksChecker;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CaptionChangerTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|',
            value = {"Two dogs on grass|Three dogs on grass|number", "a cup left of a plate|a cup right of a plate|relation",
                "a cat in front of a house|a cat behind a house|relation", "2 cups|3 cups|number"})
    void eachRuleChangesItsWord(String caption, String changed, String rule) {
        assertThat(CaptionChanger.change(caption, Seed.of(1))).hasValue(new CaptionChanger.Changed(changed, rule));
    }

    @Test
    void colorsAreExchangedOrSwapped() {
        var found = LongStream.range(0, 40).mapToObj(seed -> CaptionChanger.change("a red car and a blue bus", Seed.of(seed)).orElseThrow())
                .toList();
        assertThat(found).contains(new CaptionChanger.Changed("a blue car and a red bus", "swap")).allMatch(
                changed -> !changed.caption().equals("a red car and a blue bus"));
        assertThat(found).extracting(CaptionChanger.Changed::rule).contains("color");
    }

    @Test
    void whatNamesNothingStaysOut() {
        assertThat(CaptionChanger.change("a photo of a bench in 2024, price 3.5", Seed.of(1))).isEmpty();
        assertThat(CaptionChanger.change("redder", Seed.of(1))).isEmpty();
    }

    /// Both captions are true of their own image and false of the other, and differ in one word.
    @Test
    void pairsDifferInOneWord() {
        var pairs = MinimalPairs.draw(0, 12);
        assertThat(pairs).hasSize(11 * 12);
        for (var pair : pairs) {
            var first = Splitter.on(' ').splitToList(pair.first().text());
            var second = Splitter.on(' ').splitToList(pair.second().text());
            assertThat(first).hasSameSizeAs(second);
            assertThat(IntStream.range(0, first.size()).filter(i -> !first.get(i).equals(second.get(i))).count()).as("%s", pair)
                    .isEqualTo(1);
            var images = pair.images(32);
            assertThat(BlocksChecker.judge(pair.first().claim(), images.getFirst()).accepted()).as("%s", pair.first().text()).isTrue();
            assertThat(BlocksChecker.judge(pair.second().claim(), images.getLast()).accepted()).as("%s", pair.second().text()).isTrue();
            assertThat(BlocksChecker.judge(pair.second().claim(), images.getFirst()).accepted()).isFalse();
            assertThat(BlocksChecker.judge(pair.first().claim(), images.getLast()).accepted()).isFalse();
        }
        assertThat(MinimalPairs.draw(0, 12)).isEqualTo(pairs);
    }
}
