package dev.fusedit.fusion.text;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableSet;
import com.google.common.collect.Streams;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Which of a tokenizer's added tokens begins a text, ends it, stands for what is unknown, or fills a row: `tokenizer.json` has no word for it,
/// so it is by the names that published models give them.
record SpecialTokens(Set<String> added) {
    /// Of a role the first that is there.
    private static final Map<String, List<String>> ROLES = Map.of(
            "bos_token", List.of("<bos>", "<|begin_of_text|>", "<s>"),
            "eos_token", List.of("<eos>", "<|end_of_text|>", "</s>", "<|endoftext|>"),
            "unk_token", List.of("<unk>"),
            "pad_token", List.of("<pad>", "<|finetune_right_pad_id|>", "<|endoftext|>", "<|end_of_text|>", "</s>"));

    /// Of a `tokenizer.json`.
    static SpecialTokens of(Path file) {
        var added = TokenizerSource.of(file).outline().path("added_tokens");
        return new SpecialTokens(Streams.stream(added).map(token -> token.path("content").asText()).collect(ImmutableSet.toImmutableSet()));
    }

    /// A `tokenizer_config.json`.
    ObjectNode config() {
        var config = JsonNodeFactory.instance.objectNode().put("tokenizer_class", "PreTrainedTokenizerFast").put("padding_side", "right");
        ROLES.keySet().stream().sorted().forEach(role -> ROLES.get(role).stream().filter(added::contains).findFirst()
                .ifPresent(token -> config.put(role, token)));
        return config;
    }
}
