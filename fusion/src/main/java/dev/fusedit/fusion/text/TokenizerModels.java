package dev.fusedit.fusion.text;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.fusedit.fusion.config.ConfigReader;
import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.util.BitSet;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Writes a tokenizer's model anew with the fields it has, as vocabulary and merges pass and fit each other. Old files do not name its kind.
final class TokenizerModels {
    private static final int MOST_ID = 1 << 24;
    private static final int LONGEST_TOKEN = 10_000;
    /// The library keeps these in a tree as deep as they are long.
    private static final int LONGEST_PIECE = 1000;
    private static final int LONGEST_WORD = 1000;
    private static final double MOST_SCORE = 1e6;
    private static final String VOCABULARY = "vocab";
    private static final String MERGES = "merges";

    private final TokenizerSource.Large large;
    private final ConfigReader model;
    private final JsonGenerator into;
    private final Set<String> tokens = new HashSet<>();

    private TokenizerModels(TokenizerSource.Large large, ConfigReader model, JsonGenerator into) {
        this.large = large;
        this.model = model;
        this.into = into;
    }

    /// @param model its outline
    static void write(TokenizerSource.Large large, ConfigReader model, JsonGenerator into) throws IOException {
        new TokenizerModels(large, model, into).write();
    }

    private void write() throws IOException {
        var type = model.has("type") ? Objects.requireNonNull(model.text("type")) : kind(model.node());
        into.writeStartObject();
        into.writeStringField("type", type);
        switch (type) {
            case "BPE" -> bpe();
            case "WordPiece" -> wordPiece();
            case "WordLevel" -> {
                vocabulary();
                into.writeStringField("unk_token", known("unk_token"));
            }
            case "Unigram" -> unigram();
            default -> throw model.unknown("type", "BPE, WordPiece, WordLevel and Unigram");
        }
        into.writeEndObject();
    }

    private static String kind(JsonNode model) {
        return model.has(MERGES) ? "BPE" : model.path(VOCABULARY).isArray() ? "Unigram"
                : model.has("max_input_chars_per_word") ? "WordPiece" : "WordLevel";
    }

    private @Nullable String shortText(String name) {
        var text = model.text(name);
        model.require(text == null || text.length() <= LONGEST_WORD, name, "must have at most %d characters".formatted(LONGEST_WORD));
        return text;
    }

    /// A token that must be in the vocabulary, since others become it.
    private String known(String name) {
        var token = model.text(name);
        model.require(token != null && tokens.contains(token), name, "must be in the vocabulary");
        return Objects.requireNonNull(token);
    }

    private void vocabulary() throws IOException {
        var where = model.in(VOCABULARY).where();
        var ids = new BitSet();
        into.writeObjectFieldStart(VOCABULARY);
        large.read(VOCABULARY, parser -> {
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                var token = parser.currentName();
                parser.nextToken();
                JsonNode id = parser.readValueAsTree();
                var entry = new ConfigReader(JsonNodeFactory.instance.objectNode().set(token, id), where);
                entry.require(token.length() <= LONGEST_TOKEN, token, "is too long for a token");
                entry.require(id.isInt() && id.intValue() >= 0 && id.intValue() < MOST_ID, token,
                        "must have an id from 0 to below %d".formatted(MOST_ID));
                entry.require(!ids.get(id.intValue()), token, "must have an id of its own");
                ids.set(id.intValue());
                tokens.add(token);
                into.writeNumberField(whole(token), id.intValue());
            }
        });
        into.writeEndObject();
    }

    /// What is written must be readable: no half of a character.
    private String whole(String text) {
        TokenizerJson.requireWhole(text, model.where());
        return text;
    }

    // ---- kinds

    private void wordPiece() throws IOException {
        vocabulary();
        int longest = model.integer("max_input_chars_per_word", 100);
        model.require(longest > 0 && longest <= LONGEST_WORD, "max_input_chars_per_word", "must be from 1 to %d".formatted(LONGEST_WORD));
        into.writeStringField("unk_token", known("unk_token"));
        into.writeStringField("continuing_subword_prefix",
                whole(Objects.requireNonNullElse(shortText("continuing_subword_prefix"), "##")));
        into.writeNumberField("max_input_chars_per_word", longest);
    }

    /// Without `dropout`, which is for training: the same text has the same ids here.
    private void bpe() throws IOException {
        vocabulary();
        var prefix = shortText("continuing_subword_prefix");
        into.writeNullField("dropout");
        text("unk_token", model.has("unk_token") ? known("unk_token") : null);
        text("continuing_subword_prefix", prefix);
        text("end_of_word_suffix", shortText("end_of_word_suffix"));
        for (var flag : new String[] {"fuse_unk", "byte_fallback", "ignore_merges"}) {
            into.writeBooleanField(flag, model.flag(flag));
        }
        merges(prefix == null ? "" : prefix);
    }

    private void text(String name, @Nullable String value) throws IOException {
        into.writeFieldName(name);
        into.writeString(value == null ? null : whole(value));
    }

    private void merges(String prefix) throws IOException {
        model.require(model.node().path(MERGES).isArray(), MERGES, "must be a list");
        into.writeArrayFieldStart(MERGES);
        large.read(MERGES, parser -> {
            for (int i = 0; parser.nextToken() != JsonToken.END_ARRAY; i++) {
                JsonNode merge = parser.readValueAsTree();
                if (!merge.isTextual() || !merge.textValue().startsWith("#version")) { // a list's title
                    merge(i, merge, prefix);
                }
            }
        });
        into.writeEndArray();
    }

    private void merge(int index, JsonNode merge, String prefix) throws IOException {
        var parts = merge.isTextual() ? merge.textValue().split(" ", -1)
                : merge.valueStream().map(part -> part.isTextual() ? part.textValue() : "").toArray(String[]::new);
        if (parts.length != 2 || parts[0].isEmpty() || parts[1].isEmpty()) {
            throw wrong(index, merge, "is no pair of tokens");
        } else if (!parts[1].startsWith(prefix) || !tokens.contains(parts[0]) || !tokens.contains(parts[1])
                || !tokens.contains(parts[0] + parts[1].substring(prefix.length()))) {
                    throw wrong(index, merge, "is of tokens that are not in the vocabulary, or makes one that is not");
                }
        into.writeStartArray();
        into.writeString(parts[0]);
        into.writeString(parts[1]);
        into.writeEndArray();
    }

    private UserError wrong(int index, JsonNode merge, String what) {
        var shown = merge.toString();
        return new UserError("%s: merges[%d] %s: %s".formatted(model.where(), index, what,
                shown.length() <= LONGEST_WORD ? shown : shown.substring(0, LONGEST_WORD)));
    }

    private void unigram() throws IOException {
        model.require(model.node().path(VOCABULARY).isArray(), VOCABULARY, "must be a list of pieces with scores");
        var count = new int[1];
        into.writeArrayFieldStart(VOCABULARY);
        large.read(VOCABULARY, parser -> {
            for (; parser.nextToken() != JsonToken.END_ARRAY; count[0]++) {
                JsonNode piece = parser.readValueAsTree();
                model.require(isPiece(piece), VOCABULARY,
                        "must be pieces of 1 to %d characters with scores up to %.0f".formatted(LONGEST_PIECE, MOST_SCORE));
                whole(piece.path(0).textValue());
                TokenizerSource.JSON.writeTree(into, piece);
            }
        });
        into.writeEndArray();
        model.require(count[0] > 0 && count[0] < MOST_ID, VOCABULARY, "must be a list of pieces with scores");
        var unknown = model.integer("unk_id");
        model.require(unknown >= 0 && unknown < count[0], "unk_id", "must be the place of one of the pieces");
        into.writeNumberField("unk_id", unknown);
        into.writeBooleanField("byte_fallback", model.flag("byte_fallback"));
    }

    private static boolean isPiece(JsonNode piece) {
        var text = piece.path(0).asText();
        return piece.size() == 2 && piece.path(0).isTextual() && !text.isEmpty() && text.length() <= LONGEST_PIECE
                && piece.path(1).isNumber() && Math.abs(piece.path(1).doubleValue()) <= MOST_SCORE;
    }
}
