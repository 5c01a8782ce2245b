package dev.fusedit.fusion.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// A `tokenizer.json` and the `tokenizer_config.json` beside it, as transformers 4.43 has them together.
class TokenizerSettingsTest {
    private static final WordTokenizer WORDS = WordTokenizer.of(List.of("a", "red", "circle"));

    @TempDir
    private Path folder;

    private int[] encoded(String settings) throws IOException {
        Files.writeString(folder.resolve("tokenizer.json"), WORDS.toLibraryJson());
        Files.writeString(folder.resolve("tokenizer_config.json"), "{" + settings.replace('\'', '"') + "}");
        try (var tokenizer = SubwordTokenizer.open(folder)) {
            return tokenizer.encode("a red circle");
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', value = {
        "GemmaTokenizerFast | 'add_bos_token': false | 0 | 0",
        "LlamaTokenizerFast | 'add_bos_token': true, 'add_eos_token': true | 1 | 1",
        "LlamaTokenizer | 'add_bos_token': false, 'add_eos_token': true | 0 | 1",
        "GemmaTokenizer | 'add_bos_token': true | 1 | 0",
        "PreTrainedTokenizerFast | 'add_bos_token': true, 'add_eos_token': false | 1 | 0"})
    void tokensAroundATextAreAsTheClassPutsThem(String type, String flags, int before, int after) throws IOException {
        var ids = encoded("'tokenizer_class': '%s', 'bos_token': '<bos>', 'eos_token': {'content': '<eos>'}, %s".formatted(type, flags));
        var plain = WORDS.encode("a red circle"); // <bos> and the words
        assertThat(ids).hasSize(3 + before + after).containsSequence(java.util.Arrays.copyOfRange(plain, 1, 4));
        assertThat(ids[0] == WordTokenizer.BOS).isEqualTo(before == 1);
        assertThat(ids[ids.length - 1] == WordTokenizer.EOS).isEqualTo(after == 1);
    }

    @Test
    void whatIsSettledReadsAlikeByItself() throws IOException {
        var ids = encoded("'tokenizer_class': 'LlamaTokenizerFast', 'eos_token': '<eos>', 'add_eos_token': true");
        var settled = SubwordTokenizer.text(folder.resolve("tokenizer.json")).toString();
        var alone = Files.createDirectory(folder.resolve("alone")).resolve("tokenizer.json");
        Files.writeString(alone, settled);
        try (var tokenizer = SubwordTokenizer.open(alone)) {
            assertThat(tokenizer.encode("a red circle")).isEqualTo(ids);
        }
        Files.delete(folder.resolve("tokenizer_config.json"));
        assertThat(SubwordTokenizer.text(folder.resolve("tokenizer.json"))).hasToString(WORDS.toLibraryJson());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', value = {
        "'tokenizer_class': 'PreTrainedTokenizerFast', 'bos_token': '<bos>', 'add_bos_token': false | add_bos_token must agree with tokenizer.json, which puts <bos> there, got false",
        "'bos_token': '<bos>', 'add_bos_token': false | add_bos_token must agree",
        "'tokenizer_class': 'LlamaTokenizer', 'add_eos_token': true | eos_token is missing",
        "'tokenizer_class': 'LlamaTokenizer', 'add_eos_token': true, 'eos_token': '</s>' | </s> is no token of tokenizer.json",
        "'added_tokens_decoder': {'1': {'content': '<bos>'}} | 1 must agree with tokenizer.json, where '<bos>' is 2",
        "'added_tokens_decoder': {'9': {'content': '<more>'}} | '<more>' is no token",
        "'add_bos_token': 'no' | add_bos_token must be true or false"})
    void whatDoesNotAgreeIsRefused(String settings, String message) {
        assertThatThrownBy(() -> encoded(settings)).isInstanceOf(UserError.class).hasMessageContaining("tokenizer_config.json")
                .hasMessageContaining(message);
    }
}
