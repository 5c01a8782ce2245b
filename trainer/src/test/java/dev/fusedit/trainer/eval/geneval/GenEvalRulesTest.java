package dev.fusedit.trainer.eval.geneval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.collect.ImmutableList;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.eval.geneval.Detections.Detected;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Expected values follow from the official script's lines.
class GenEvalRulesTest {
    private static GenEvalPrompt prompt(String line) { return GenEvalPrompt.of(line.replace('\'', '"'), Path.of("m.jsonl"), 1); }

    private static Detected seen(String name, double score, double x, double y, double size, String... color) {
        return new Detected(name, score, x - size / 2, y - size / 2, x + size / 2, y + size / 2, Arrays.stream(color).findFirst());
    }

    private static boolean correct(GenEvalPrompt prompt, Detected... objects) {
        return GenEvalRules.judge(prompt, List.of(objects), "d.jsonl").correct();
    }

    @Test
    void anObjectCountsAboveItsThreshold() {
        var bench = prompt("{'tag': 'single_object', 'include': [{'class': 'bench', 'count': 1}], 'prompt': 'a photo of a bench'}");
        assertThat(correct(bench, seen("bench", 0.31, 50, 50, 40))).isTrue();
        assertThat(correct(bench, seen("bench", 0.3, 50, 50, 40))).as("not above").isFalse();
        assertThat(GenEvalRules.judge(bench, List.of(seen("cow", 0.9, 50, 50, 40)), "").reason()).isEqualTo("expected bench>=1, found 0");
    }

    @Test
    void countingIsStricterAndExact() {
        var two = prompt("{'tag': 'counting', 'include': [{'class': 'cow', 'count': 2}], 'exclude': [{'class': 'cow', 'count': 3}], "
                + "'prompt': 'a photo of two cows'}");
        Detected a = seen("cow", 0.95, 20, 50, 20), b = seen("cow", 0.92, 60, 50, 20), c = seen("cow", 0.91, 90, 50, 20);
        assertThat(correct(two, a, b)).isTrue();
        assertThat(correct(two, a, b, seen("cow", 0.9, 90, 50, 20))).as("the third is not above 0.9").isTrue();
        assertThat(correct(two, a, b, c)).isFalse();
        assertThat(correct(two, a)).isFalse();
    }

    @Test
    void noMoreThanSixteenOfAClassAreLookedAt() {
        var many = prompt("{'tag': 'x', 'include': [{'class': 'cow', 'count': 17}], 'prompt': 'cows'}");
        var seventeen = Collections.nCopies(17, seen("cow", 0.95, 20, 50, 20));
        assertThat(GenEvalRules.judge(many, seventeen, "").reason()).isEqualTo("expected cow>=17, found 16");
    }

    @Test
    void onlyTheMostConfidentObjectsAreAskedForTheirColor() {
        var red = prompt("{'tag': 'colors', 'include': [{'class': 'car', 'count': 1, 'color': 'red'}], 'prompt': 'a photo of a red car'}");
        assertThat(correct(red, seen("car", 0.5, 20, 50, 20, "blue"), seen("car", 0.9, 60, 50, 20, "red"))).isTrue();
        assertThat(correct(red, seen("car", 0.9, 20, 50, 20, "blue"), seen("car", 0.5, 60, 50, 20, "red"))).isFalse();
        assertThatThrownBy(() -> correct(red, seen("car", 0.9, 20, 50, 20))).isInstanceOf(UserError.class)
                .hasMessageContaining("has no color");
    }

    @Test
    void placesAreByCentresShrunkByATenthOfTheSizes() {
        var left = prompt("{'tag': 'position', 'include': [{'class': 'dog', 'count': 1}, {'class': 'tie', 'count': 1, 'position': "
                + "['left of', 0]}], 'prompt': 'a photo of a tie left of a dog'}");
        var dog = seen("dog", 0.9, 60, 50, 40);
        assertThat(correct(left, dog, seen("tie", 0.9, 20, 50, 20))).isTrue();
        assertThat(correct(left, dog, seen("tie", 0.9, 100, 50, 20))).isFalse();
        assertThat(correct(left, dog, seen("tie", 0.9, 55, 50, 20))).as("5 apart, 6 are taken off").isFalse();
        assertThat(GenEvalRules.relations(seen("a", 1, 0, 0, 10), seen("b", 1, 100, 100, 10))).containsExactlyInAnyOrder("left of",
                "above");
        assertThat(GenEvalRules.judge(left, List.of(seen("tie", 0.9, 20, 50, 20)), "").reason())
                .isEqualTo("expected dog>=1, found 0; no target for tie to be left of");
    }

    @Test
    void whatAPromptLacksIsSaidWithItsLine() {
        assertThatThrownBy(() -> prompt("{'tag': 'x', 'include': [{'count': 1}], 'prompt': 'p'}")).isInstanceOf(UserError.class)
                .hasMessageContaining("m.jsonl:1").hasMessageContaining("class");
        assertThatThrownBy(() -> prompt("{'tag': 'x', 'include': [{'class': 'a', 'count': 1, 'position': ['left of', 0]}], 'prompt': 'p'}"))
                .hasMessageContaining("position");
        assertThat(prompt("{'tag': 'x', 'include': [], 'prompt': 'p'}").include()).isEqualTo(ImmutableList.of());
    }
}
