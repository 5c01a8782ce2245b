package dev.fusedit.fusion.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.primitives.Ints;
import dev.fusedit.fusion.config.ConfigReader;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.JsonFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What transformers' slow classes save beside a vocabulary: `tokenizer_config.json`, and `special_tokens_map.json` and
/// `added_tokens.json` of older versions. Any of them may be missing.
final class SavedTokens {
    private static final List<String> SPECIAL = List.of("bos_token", "eos_token", "unk_token", "pad_token");

    private static final String REMEDY = "Fetch the tokenizer's folder anew";

    private final Path folder;
    private final ConfigReader config;
    private final ConfigReader map;
    private final ConfigReader added;

    private SavedTokens(Path folder) {
        this.folder = folder;
        this.config = json("tokenizer_config.json");
        this.map = json("special_tokens_map.json");
        this.added = json("added_tokens.json");
    }

    static SavedTokens read(Path folder) { return new SavedTokens(folder); }

    private ConfigReader json(String name) {
        var file = folder.resolve(name);
        var json = Files.isRegularFile(file) ? JsonFile.object(file, REMEDY) : JsonNodeFactory.instance.objectNode();
        return new ConfigReader(json, file.toString());
    }

    /// `tokenizer_config.json`; empty if there is none.
    ConfigReader config() { return config; }

    /// The class that saved the folder; null if nothing says so.
    @Nullable
    String type() { return config.text("tokenizer_class"); }

    boolean flag(String name, boolean otherwise) { return config.flag(name, otherwise); }

    /// A special token by its role: `bos_token`.
    String token(String role, String otherwise) {
        for (var file : List.of(config, map)) {
            if (file.has(role)) {
                var value = file.node().path(role);
                var text = value.isObject() ? file.in(role).text("content") : file.text(role);
                file.require(text != null, role, "must be a text, or have a content");
                return text == null ? otherwise : text;
            }
        }
        return otherwise;
    }

    /// The added tokens in the library's form, their ids in the vocabulary too. What has none there gets the next.
    ///
    /// @param specials what [#specials] found
    ArrayNode added(ObjectNode vocabulary, List<String> specials) {
        var result = vocabulary.arrayNode();
        if (config.has("added_tokens_decoder")) {
            var decoder = config.in("added_tokens_decoder");
            decoder.node().fieldNames().forEachRemaining(id -> {
                var number = Ints.tryParse(id);
                decoder.require(number != null && number >= 0, id, "must be an id");
                add(result, decoder.in(id), number == null ? 0 : number, vocabulary);
            });
        } else {
            added.node().fieldNames().forEachRemaining(content -> add(result, content, false, added.integer(content), vocabulary));
        }
        for (var special : specials) {
            if (!contains(result, special)) {
                add(result, special, true, vocabulary.has(special) ? vocabulary.path(special).intValue() : next(vocabulary), vocabulary);
            }
        }
        return result;
    }

    private static boolean contains(ArrayNode tokens, String content) {
        return tokens.valueStream().anyMatch(token -> token.path("content").asText().equals(content));
    }

    private static int next(ObjectNode vocabulary) { return vocabulary.valueStream().mapToInt(JsonNode::intValue).max().orElse(-1) + 1; }

    private void add(ArrayNode tokens, ConfigReader token, int id, ObjectNode vocabulary) {
        var content = token.text("content");
        token.require(content != null, "content", "must be a text");
        add(tokens, content == null ? "" : content, token.flag("special"), id, vocabulary).put("lstrip", token.flag("lstrip"))
                .put("rstrip", token.flag("rstrip")).put("single_word", token.flag("single_word"));
    }

    private ObjectNode add(ArrayNode tokens, String content, boolean special, int id, ObjectNode vocabulary) {
        if (vocabulary.has(content) && vocabulary.path(content).intValue() != id) {
            throw new UserError("%s: the added token '%s' has the id %d, in the vocabulary %s".formatted(folder, content, id,
                    vocabulary.path(content)));
        }
        vocabulary.put(content, id);
        return tokens.addObject().put("id", id).put("content", content).put("single_word", false).put("lstrip", false).put("rstrip", false)
                .put("normalized", false).put("special", special);
    }

    /// The tokens of begin, end, unknown and padding, in this order, and further special ones.
    ///
    /// @param defaults the class's own of the four, where nothing else is said
    List<String> specials(List<String> defaults) {
        var further = config.has("additional_special_tokens") ? config : map;
        var result = new ArrayList<String>();
        for (int i = 0; i < SPECIAL.size(); i++) {
            result.add(token(SPECIAL.get(i), defaults.get(i)));
        }
        if (further.has("additional_special_tokens")) {
            for (var token : further.node().path("additional_special_tokens")) {
                var text = token.isObject() ? token.path("content") : token;
                further.require(text.isTextual(), "additional_special_tokens", "must be texts");
                result.add(text.textValue());
            }
        }
        return result;
    }
}
