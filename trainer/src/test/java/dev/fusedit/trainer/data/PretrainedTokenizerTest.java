package dev.fusedit.trainer.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.fusion.text.Instruction;
import dev.fusedit.fusion.text.PretrainedTokenizer;
import dev.fusedit.fusion.text.WordTokenizer;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.data.blocks.BlocksMix;
import dev.fusedit.trainer.data.blocks.BlocksText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The built-in words in the library's form stand for a published tokenizer: what each text has to become is known.
class PretrainedTokenizerTest {
    private static final WordTokenizer WORDS = WordTokenizer.of(BlocksText.words());

    @TempDir
    private Path folder;

    private PretrainedTokenizer read(String instruction) throws IOException {
        Files.writeString(folder.resolve("tokenizer.json"), WORDS.toLibraryJson());
        return PretrainedTokenizer.read(folder, new Instruction(instruction), null);
    }

    @Test
    void anInstructionStandsBeforeEachCaptionAndDoesNotCount() throws IOException {
        try (var tokenizer = read("two circles ")) {
            assertThat(tokenizer.encode("a red square", 3)).isEqualTo(WORDS.encode("two circles a red"));
            assertThat(tokenizer.encode("a red square")).isEqualTo(WORDS.encode("two circles a red square"));
            assertThat(tokenizer.json()).isEqualTo(WORDS.toLibraryJson());
            assertThat(tokenizer.instructionLength()).as("bos, two, circles").isEqualTo(3);
        }
        try (var tokenizer = read("")) {
            assertThat(tokenizer.instructionLength()).isZero();
        }
    }

    @Test
    void batchesHaveItBeforeCaptionsButNotBeforeSentences() throws IOException {
        var wanted = new Batches.Wanted(0, 4, 32, 0, 4, 0);
        var plain = new BlocksBatches(1, BlocksMix.DEFAULT, null, false, new TextIds(WORDS, 16)).of(3, wanted);
        try (var tokenizer = read("two circles ")) {
            var instructed = new BlocksBatches(1, BlocksMix.DEFAULT, null, false, new TextIds(tokenizer, 16)).of(3, wanted);
            assertThat(instructed.instruction()).isEqualTo(3);
            assertThat(plain.instruction()).isZero();
            for (int i = 0; i < 4; i++) {
                assertThat(instructed.captionTokens()[i]).isEqualTo(WORDS.encode("two circles " + plain.captions().get(i)));
                var sentence = plain.sentenceTokens()[i];
                assertThat(instructed.sentenceTokens()[i]).isEqualTo(Arrays.copyOf(sentence, sentence.length - 1));
            }
        }
    }

    @Test
    void aCaptionIsCutByItsOwnLength() throws IOException {
        try (var tokenizer = read("two circles ")) {
            assertThat(new TextIds(tokenizer, 4).isCut("a red square")).as("bos and three words").isFalse();
            assertThat(new TextIds(tokenizer, 3).isCut("a red square")).isTrue();
        }
    }

    @Test
    void whatIsNotThereIsNamed() {
        assertThatThrownBy(() -> PretrainedTokenizer.read(folder, Instruction.NONE, null)).isInstanceOf(UserError.class)
                .hasMessageContaining(folder.resolve("tokenizer.json").toString());
    }
}
