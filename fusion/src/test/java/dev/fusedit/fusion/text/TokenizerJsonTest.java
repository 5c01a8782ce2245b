package dev.fusedit.fusion.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TokenizerJsonTest {
    private static final int GEMMA = 0, CLIP = 1, QWEN = 2, BERT = 3, XLM = 4, WORDS = 6;
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path folder;

    private static JsonNode seed(int number) { return TokenizerFuzzTest.resource("tokenizers.json").get(number).deepCopy(); }

    private Path file(String text) throws IOException { return Files.writeString(folder.resolve("tokenizer.json"), text); }

    /// The ids are worked out by hand from the file's vocabulary, merges and template. The sixth file is for the fuzzer alone.
    @ParameterizedTest
    @CsvSource({GEMMA + ", 2 8 14", CLIP + ", 8 4 7 9", QWEN + ", 2 0 9", BERT + ", 2 4 5 3", XLM + ", 6 5 2", WORDS + ", 0 1 0 0"})
    void everyKindOfPartWorks(int number, String ids) throws IOException {
        try (var tokenizer = SubwordTokenizer.open(file(seed(number).toString()))) {
            assertThat(tokenizer.encode("a cat")).containsExactly(Stream.of(ids.split(" ")).mapToInt(Integer::parseInt).toArray());
        }
    }

    /// Each of these is a place in the library that panics, which would end the process.
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "0 | /decoder                              | {\"type\": \"Unheard\"}                                    | type must be one of the known decoders",
        "0 | /decoder/decoders/3/stop              | 1                                                          | stop must be 0",
        "0 | /model/continuing_subword_prefix      | \"too long for a token\"                                   | merges[0] is of tokens",
        "0 | /model/merges/0                       | [\"a\"]                                                    | merges[0] is no pair",
        "0 | /post_processor/single/0/SpecialToken/id | \"<eos>\"                                               | single must have special tokens that are there",
        "0 | /post_processor/single/1/Sequence/id  | \"B\"                                                      | the text A once",
        "0 | /post_processor/special_tokens/<bos>/ids | [2, 3]                                                  | tokens must be the texts of the ids",
        "0 | /added_tokens/0/content               | \"\\ud800\"                                                | half of a character",
        "0 | /model/vocab/a                        | 4294967296                                                 | a must have an id from 0",
        "1 | /normalizer/normalizers/1/pattern     | {\"Regex\": \"\"}                                          | pattern must not match between",
        "1 | /normalizer/normalizers/1/pattern     | {\"Regex\": \"(a*)*b\"}                                    | too many ways",
        "1 | /normalizer/normalizers/1/pattern     | {\"Regex\": \"(\"}                                         | not understood",
        "1 | /added_tokens/0/content               | \" x\"                                                     | must not open with a blank",
        "2 | /post_processor/processors/0          | {\"type\": \"BertProcessing\", \"sep\": [\"a\", 0], \"cls\": [\"a\", 0]} | not be a second one",
        "3 | /added_tokens/3                       | {\"id\": 3, \"content\": \"\\u0001\", \"single_word\": false, \"lstrip\": false, \"rstrip\": false, \"normalized\": true, \"special\": true} | nothing is left",
        "4 | /normalizer/normalizers/0/precompiled_charsmap | \"AAAA\"                                          | a map of characters",
        "4 | /normalizer/normalizers/0/precompiled_charsmap | \"****\"                                          | Illegal base64",
        "4 | /model/vocab/0/1                      | 1e308                                                      | scores up to",
        "6 | /normalizer/normalizers/3/prepend     | \"\"                                                       | prepend must not be empty",
        "6 | /pre_tokenizer/pretokenizers/4/length | 0                                                          | length must be positive",
        "6 | /model/unk_token                      | \"none\"                                                   | unk_token must be in the vocabulary"})
    void whatTheLibraryWouldPanicAtIsRefused(int seed, String place, String value, String complaint) throws IOException {
        var root = seed(seed);
        var parent = root.at(place.substring(0, place.lastIndexOf('/')));
        var name = place.substring(place.lastIndexOf('/') + 1);
        assertThat(root.at(place).isMissingNode()).as(place).isFalse();
        if (parent instanceof ArrayNode array) {
            array.set(Integer.parseInt(name), JSON.readTree(value));
        } else {
            ((ObjectNode) parent).set(name, JSON.readTree(value));
        }
        var file = file(root.toString().replace("\ud800", "\\ud800"));
        assertThatThrownBy(() -> SubwordTokenizer.open(file)).isInstanceOf(UserError.class)
                .hasMessageStartingWith(file + ": is no tokenizer.json").hasMessageContaining(complaint);
    }

    @Test
    void aKeyTwiceIsRefused() throws IOException {
        var file = file(seed(GEMMA).toString().replaceFirst("\"decoder\"", "\"decoder\": null, \"decoder\""));
        assertThatThrownBy(() -> SubwordTokenizer.open(file)).isInstanceOf(UserError.class).hasMessageContaining("Duplicate");
    }

    /// Ten of them would make a thousand times the text; forty, more than there is memory.
    @Test
    void textsDoNotGrowWithoutEnd() throws IOException {
        var root = seed(CLIP);
        var steps = (ArrayNode) root.at("/normalizer/normalizers");
        for (int i = 0; i < 40; i++) {
            steps.add(JSON.readTree("{\"type\": \"Replace\", \"pattern\": {\"String\": \"a\"}, \"content\": \"aa\"}"));
        }
        var file = file(root.toString());
        assertThatThrownBy(() -> SubwordTokenizer.open(file)).isInstanceOf(UserError.class).hasMessageContaining("times as long");
    }

    /// The library's regex machine gives up after 10 million retries, and ends the process.
    @Test
    void aSlowPatternTakesShortTextsOnly() throws IOException {
        var root = seed(CLIP);
        ((ObjectNode) root.at("/pre_tokenizer/pretokenizers/0")).set("pattern", JSON.readTree("{\"Regex\": \"\\\\p{L}*\\\\p{L}*!\"}"));
        ((ArrayNode) root.at("/normalizer/normalizers")).removeAll();
        var file = file(root.toString());
        assertThatThrownBy(() -> SubwordTokenizer.open(file)).isInstanceOf(UserError.class)
                .hasMessageContaining("at least 1000 characters");
    }

    @Test
    void tooLongATextIsRefused() throws IOException {
        try (var tokenizer = SubwordTokenizer.open(file(seed(GEMMA).toString()))) {
            var longest = "a cat ".repeat(20_000);
            assertThat(tokenizer.encode(longest)).hasSizeGreaterThan(20_000);
            assertThatThrownBy(() -> tokenizer.encode(longest.repeat(10))).isInstanceOf(UserError.class)
                    .hasMessageContaining("takes texts of up to");
        }
    }

    @Test
    void halfACharacterInATextIsReplaced() throws IOException {
        try (var tokenizer = SubwordTokenizer.open(file(seed(GEMMA).toString()))) {
            assertThat(tokenizer.encode("a\ud800 cat")).isEqualTo(tokenizer.encode("a\ufffd cat"));
        }
    }

    /// Old files name neither the model's kind nor all of its flags.
    @Test
    void anOldFileIsRead() throws IOException {
        for (int number : new int[] {GEMMA, QWEN, BERT, XLM, WORDS}) {
            var root = seed(number);
            try (var now = SubwordTokenizer.open(file(root.toString()))) {
                ((ObjectNode) root.path("model")).remove("type");
                try (var old = SubwordTokenizer.open(file(root.toString()))) {
                    assertThat(old.encode("a cat 😀")).isEqualTo(now.encode("a cat 😀"));
                }
            }
        }
    }
}
