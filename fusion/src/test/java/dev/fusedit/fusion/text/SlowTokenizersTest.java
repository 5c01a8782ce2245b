package dev.fusedit.fusion.text;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Folders that transformers' slow classes saved, against the ids that those classes make: `slow_tokenizers.py`.
class SlowTokenizersTest {
    @TempDir
    private Path folder;

    private Path saved(String name, String... files) throws IOException {
        for (var file : files) {
            try (var in = SlowTokenizersTest.class.getResourceAsStream("slow/%s/%s".formatted(name, file))) {
                Files.copy(in, folder.resolve(file));
            }
        }
        return folder;
    }

    private static List<String> different(SubwordTokenizer tokenizer, String name) {
        var different = new ArrayList<String>();
        for (var example : TokenizerFuzzTest.resource("slow/expected.json")) {
            var text = example.path("text").textValue();
            var expected = example.path(name).valueStream().mapToInt(JsonNode::intValue).toArray();
            if (!java.util.Arrays.equals(tokenizer.encode(text), expected)) {
                different.add(text);
            }
        }
        return different;
    }

    @Test
    void gemmaHasTheSlowClassesIds() throws IOException {
        try (var tokenizer = SubwordTokenizer.open(saved("gemma", "tokenizer.model", "tokenizer_config.json", "special_tokens_map.json"))) {
            assertThat(different(tokenizer, "gemma")).isEmpty();
            assertThat(tokenizer.decode(tokenizer.encode("a  cat\n猫"))).isEqualTo("a  cat\n猫");
        }
    }

    @Test
    void gemmasFileAloneIsEnough() throws IOException {
        try (var tokenizer = SubwordTokenizer.open(saved("gemma", "tokenizer.model"))) {
            assertThat(different(tokenizer, "gemma")).isEmpty();
        }
    }

    @Test
    void clipHasTheSlowClassesIds() throws IOException {
        try (var tokenizer = SubwordTokenizer.clip(saved("clip", "vocab.json", "merges.txt", "tokenizer_config.json"))) {
            assertThat(different(tokenizer, "clip")).isEmpty();
        }
    }
}
