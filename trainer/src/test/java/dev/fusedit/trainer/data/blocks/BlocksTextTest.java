package dev.fusedit.trainer.data.blocks;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.base.Splitter;
import dev.fusedit.fusion.text.WordTokenizer;
import java.util.HashSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class BlocksTextTest {
    @Test
    void theTextExplainsEveryWordAndNamesHeldOutPairsButNoPrompt() {
        var sentences = new HashSet<String>();
        for (long i = 0; i < 100_000; i++) sentences.add(BlocksText.sentence(42, i));
        assertThat(sentences).contains("a disc is a circle", "crimson is red", "over means above", "one and two make three",
                "one circle and two circles make three circles");
        for (var name : new String[] {"yellow circle", "blue cross", "purple square", "green triangle"})
            assertThat(sentences).anyMatch(sentence -> sentence.contains(name));
        for (var split : new Split[] {Split.SEEN, Split.HELDOUT, Split.PARAPHRASE})
            for (var prompt : BlocksPrompts.of(split)) assertThat(sentences).doesNotContain(prompt.text());
        var words = sentences.stream().flatMap(Splitter.on(' ')::splitToStream).collect(Collectors.toSet());
        assertThat(words).containsAll(Words.TEXT_ONLY);
    }

    @Test
    void theVocabularyHasEveryWordOfCaptionsSentencesAndPrompts() {
        var tokenizer = WordTokenizer.of(BlocksText.words());
        assertThat(tokenizer.size()).isLessThan(128);
        for (long i = 0; i < 20_000; i++) {
            assertThat(tokenizer.unknown(BlocksText.sentence(9, i))).isEmpty();
            assertThat(tokenizer.unknown(Blocks.sample(9, i, Split.TRAIN).caption().text())).isEmpty();
        }
        for (var split : new Split[] {Split.SEEN, Split.HELDOUT, Split.PARAPHRASE})
            for (var prompt : BlocksPrompts.of(split)) assertThat(tokenizer.unknown(prompt.text())).isEmpty();
    }
}
