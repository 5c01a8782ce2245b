package dev.fusedit.fusion.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.collect.ImmutableList;
import dev.fusedit.torch.UserError;
import org.junit.jupiter.api.Test;

class WordTokenizerTest {
    private final WordTokenizer tokenizer = WordTokenizer.of(ImmutableList.of("a", "circle", "red"));

    @Test
    void encodesWordsWithBosAndUnknownOnes() {
        assertThat(tokenizer.encode("A red, RED frob circle.")).containsExactly(2, 4, 6, 6, 3, 5);
        assertThat(tokenizer.encode("")).containsExactly(2);
        assertThat(tokenizer.unknown("A red, RED frob circle.")).containsExactly("frob");
    }

    /// As the `tokenizer.json` that is exported splits: see `toLibraryJson`.
    @Test
    void lettersBeyondTheBasicPlaneAreLetters() {
        assertThat(tokenizer.encode("𝐫𝐞𝐝 circle")).containsExactly(2, 3, tokenizer.ids().get("circle"));
        assertThat(tokenizer.unknown("a 𝐫𝐞𝐝😀𠮷 circle")).as("a picture parts words, letters don't").containsExactly("𝐫𝐞𝐝", "𠮷");
        assertThat(tokenizer.encode("red\ud835 circle")).as("half a letter parts words")
                .isEqualTo(tokenizer.encode("red circle"));
    }

    @Test
    void decodesWhatItEncoded() {
        assertThat(tokenizer.decode(tokenizer.encode("a red frob circle"))).isEqualTo("a red <unk> circle");
        assertThat(tokenizer.decode(2, 4, 1, 0, 0)).isEqualTo("a");
    }

    @Test
    void jsonKeepsTheOrder() { assertThat(WordTokenizer.fromJson(tokenizer.toJson(), "words.json")).isEqualTo(tokenizer); }

    @Test
    void otherJsonIsRefusedInWords() {
        assertThatThrownBy(() -> WordTokenizer.fromJson("{", "words.json")).isInstanceOf(UserError.class)
                .hasMessageContaining("words.json:1:").hasMessageContaining("is not valid JSON");
        assertThatThrownBy(() -> WordTokenizer.fromJson("{}", "words.json")).isInstanceOf(UserError.class)
                .hasMessageContaining("must be a word vocabulary");
        assertThatThrownBy(() -> WordTokenizer.fromJson("{\"type\": \"words\", \"words\": [\"a\"]}", "words.json"))
                .isInstanceOf(UserError.class).hasMessageContaining("<pad>");
        assertThatThrownBy(() -> WordTokenizer
                .fromJson("{\"type\": \"words\", \"words\": [\"<pad>\", \"<eos>\", \"<bos>\", \"<unk>\", \"a\", \"a\"]}", "words.json"))
                .isInstanceOf(UserError.class);
    }
}
