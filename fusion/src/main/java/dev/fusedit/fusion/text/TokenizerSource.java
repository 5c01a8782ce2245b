package dev.fusedit.fusion.text;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fusedit.torch.io.JsonFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/// A tokenizer's JSON of which the two values that may be large, the model's vocabulary and merges, are read as they pass: as a tree those of a
/// published one (33 MB of text, 262,144 tokens, 514,906 merges) take some 200 MB of Java's heap, which keeps its size as long as the process lives.
///
/// @param outline the whole, with an empty vocabulary and empty merges in the place of such values
record TokenizerSource(ObjectNode outline, Large large) {
    static final JsonMapper JSON = new JsonMapper();
    private static final String MODEL = "model";
    private static final Set<String> LARGE = Set.of("vocab", "merges");

    /// Reads one of the large values.
    @FunctionalInterface
    interface Large {
        /// @param name of the model's field, which is there
        /// @param body is given a parser that stands at the value's beginning, and leaves it at its end
        void read(String name, Body body) throws IOException;
    }

    @FunctionalInterface
    interface Body {
        void accept(JsonParser parser) throws IOException;
    }

    /// @throws dev.fusedit.torch.UserError if it is no JSON object
    static TokenizerSource of(Path file) {
        return new TokenizerSource(JsonFile.passing(file, TokenizerJson.REMEDY, parser -> outline(parser, false)),
                (name, body) -> JsonFile.passing(file, TokenizerJson.REMEDY, parser -> {
                    find(parser, name, body, false);
                    return name;
                }));
    }

    /// One that was put together here.
    static TokenizerSource of(ObjectNode whole) throws IOException {
        try (var parser = whole.traverse(JSON)) {
            parser.nextToken();
            return new TokenizerSource(outline(parser, false), (name, body) -> {
                try (var value = whole.path(MODEL).path(name).traverse(JSON)) {
                    value.nextToken();
                    body.accept(value);
                }
            });
        }
    }

    /// @param parser at an object's beginning, afterwards at its end
    private static ObjectNode outline(JsonParser parser, boolean inModel) throws IOException {
        var object = JsonNodeFactory.instance.objectNode();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            var name = parser.currentName();
            var begins = parser.nextToken();
            if (!inModel && name.equals(MODEL) && begins == JsonToken.START_OBJECT) {
                object.set(name, outline(parser, true));
            } else if (inModel && LARGE.contains(name) && begins.isStructStart()) {
                object.set(name, begins == JsonToken.START_OBJECT ? object.objectNode() : object.arrayNode());
                parser.skipChildren();
            } else {
                object.set(name, parser.<JsonNode>readValueAsTree());
            }
        }
        return object;
    }

    private static void find(JsonParser parser, String wanted, Body body, boolean inModel) throws IOException {
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            var name = parser.currentName();
            parser.nextToken();
            if (!inModel && name.equals(MODEL)) {
                find(parser, wanted, body, true);
            } else if (inModel && name.equals(wanted)) {
                body.accept(parser);
            } else {
                parser.skipChildren();
            }
        }
    }

    /// The vocabulary: tokens and their ids; of a list of pieces their places.
    Map<String, Integer> ids() {
        var ids = new HashMap<String, Integer>();
        try {
            if (outline.path(MODEL).has("vocab")) {
                large.read("vocab", parser -> read(parser, ids));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return ids;
    }

    private static void read(JsonParser parser, Map<String, Integer> ids) throws IOException {
        switch (parser.currentToken()) {
            case START_OBJECT -> {
                while (parser.nextToken() == JsonToken.FIELD_NAME) {
                    var token = parser.currentName();
                    parser.nextToken();
                    ids.put(token, parser.<JsonNode>readValueAsTree().intValue());
                }
            }
            case START_ARRAY -> {
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    ids.putIfAbsent(parser.<JsonNode>readValueAsTree().path(0).asText(), ids.size());
                }
            }
            default -> parser.skipChildren();
        }
    }

    /// Copies a file, with the outline's value of one field, which may be new, in the place of its own.
    void copy(Path file, String replaced, JsonGenerator into) {
        JsonFile.passing(file, TokenizerJson.REMEDY, parser -> {
            into.writeStartObject();
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                var name = parser.currentName();
                parser.nextToken();
                if (name.equals(replaced)) {
                    parser.skipChildren();
                } else {
                    into.writeFieldName(name);
                    into.copyCurrentStructure(parser);
                }
            }
            into.writeFieldName(replaced);
            JSON.writeTree(into, outline.path(replaced));
            into.writeEndObject();
            return file;
        });
    }
}
