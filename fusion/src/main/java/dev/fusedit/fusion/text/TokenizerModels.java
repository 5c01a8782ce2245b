package dev.fusedit.fusion.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fusedit.fusion.config.ConfigReader;
import dev.fusedit.torch.UserError;
import java.util.BitSet;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A tokenizer's model, written anew with the fields it has, once vocabulary and merges fit each other. Old files do not name its kind.
final class TokenizerModels {
    private static final int MOST_ID = 1 << 24;
    private static final int LONGEST_TOKEN = 10_000;
    /// The library keeps these in a tree as deep as they are long.
    private static final int LONGEST_PIECE = 1000;
    private static final int LONGEST_WORD = 1000;
    private static final double MOST_SCORE = 1e6;

    private TokenizerModels() {}

    static ObjectNode of(ConfigReader model) {
        var type = model.has("type") ? Objects.requireNonNull(model.text("type")) : kind(model.node());
        var result = JsonNodeFactory.instance.objectNode().put("type", type);
        return switch (type) {
            case "BPE" -> bpe(model, result);
            case "WordPiece" -> {
                vocabulary(model, result);
                model.require(model.integer("max_input_chars_per_word", 100) > 0
                        && model.integer("max_input_chars_per_word", 100) <= LONGEST_WORD, "max_input_chars_per_word",
                        "must be from 1 to %d".formatted(LONGEST_WORD));
                yield result.put("unk_token", known(model, "unk_token"))
                        .put("continuing_subword_prefix", Objects.requireNonNullElse(shortText(model, "continuing_subword_prefix"), "##"))
                        .put("max_input_chars_per_word", model.integer("max_input_chars_per_word", 100));
            }
            case "WordLevel" -> {
                vocabulary(model, result);
                yield result.put("unk_token", known(model, "unk_token"));
            }
            case "Unigram" -> unigram(model, result);
            default -> throw model.unknown("type", "BPE, WordPiece, WordLevel and Unigram");
        };
    }

    private static String kind(JsonNode model) {
        return model.has("merges") ? "BPE" : model.path("vocab").isArray() ? "Unigram"
                : model.has("max_input_chars_per_word") ? "WordPiece" : "WordLevel";
    }

    private static @Nullable String shortText(ConfigReader model, String name) {
        var text = model.text(name);
        model.require(text == null || text.length() <= LONGEST_WORD, name, "must have at most %d characters".formatted(LONGEST_WORD));
        return text;
    }

    /// A token that must be in the vocabulary, since others become it.
    private static String known(ConfigReader model, String name) {
        var token = model.text(name);
        model.require(token != null && model.node().path("vocab").has(token), name, "must be in the vocabulary");
        return Objects.requireNonNull(token);
    }

    private static void vocabulary(ConfigReader model, ObjectNode result) {
        var vocabulary = model.in("vocab");
        var ids = new BitSet();
        vocabulary.node().properties().forEach(entry -> {
            var id = entry.getValue();
            vocabulary.require(entry.getKey().length() <= LONGEST_TOKEN, entry.getKey(), "is too long for a token");
            vocabulary.require(id.isInt() && id.intValue() >= 0 && id.intValue() < MOST_ID, entry.getKey(),
                    "must have an id from 0 to below %d".formatted(MOST_ID));
            vocabulary.require(!ids.get(id.intValue()), entry.getKey(), "must have an id of its own");
            ids.set(id.intValue());
        });
        result.set("vocab", vocabulary.node());
    }

    // ---- BPE

    /// Without `dropout`, which is for training: the same text has the same ids here.
    private static ObjectNode bpe(ConfigReader model, ObjectNode result) {
        vocabulary(model, result);
        var prefix = shortText(model, "continuing_subword_prefix");
        var suffix = shortText(model, "end_of_word_suffix");
        result.putNull("dropout").put("unk_token", model.has("unk_token") ? known(model, "unk_token") : null)
                .put("continuing_subword_prefix", prefix).put("end_of_word_suffix", suffix).put("fuse_unk", model.flag("fuse_unk"))
                .put("byte_fallback", model.flag("byte_fallback")).put("ignore_merges", model.flag("ignore_merges"));
        merges(model, prefix == null ? "" : prefix, result);
        return result;
    }

    private static void merges(ConfigReader model, String prefix, ObjectNode result) {
        var merges = model.node().path("merges");
        model.require(merges.isArray(), "merges", "must be a list");
        var vocabulary = model.node().path("vocab");
        var written = result.putArray("merges");
        for (int i = 0; i < merges.size(); i++) {
            var merge = merges.get(i);
            if (merge.isTextual() && merge.textValue().startsWith("#version")) {
                continue; // a list's title
            }
            var parts = merge.isTextual() ? merge.textValue().split(" ", -1)
                    : merge.valueStream().map(part -> part.isTextual() ? part.textValue() : "").toArray(String[]::new);
            if (parts.length != 2 || parts[0].isEmpty() || parts[1].isEmpty()) {
                throw wrong(model, i, merge, "is no pair of tokens");
            } else if (!parts[1].startsWith(prefix) || !vocabulary.has(parts[0]) || !vocabulary.has(parts[1])
                    || !vocabulary.has(parts[0] + parts[1].substring(prefix.length()))) {
                        throw wrong(model, i, merge, "is of tokens that are not in the vocabulary, or makes one that is not");
                    }
            written.addArray().add(parts[0]).add(parts[1]);
        }
    }

    private static UserError wrong(ConfigReader model, int index, JsonNode merge, String what) {
        var shown = merge.toString();
        return new UserError("%s: merges[%d] %s: %s".formatted(model.where(), index, what,
                shown.length() <= LONGEST_WORD ? shown : shown.substring(0, LONGEST_WORD)));
    }

    // ---- Unigram

    private static ObjectNode unigram(ConfigReader model, ObjectNode result) {
        var pieces = model.node().path("vocab");
        model.require(pieces.isArray() && !pieces.isEmpty() && pieces.size() < MOST_ID, "vocab", "must be a list of pieces with scores");
        pieces.forEach(piece -> model.require(isPiece(piece), "vocab",
                "must be pieces of 1 to %d characters with scores up to %.0f".formatted(LONGEST_PIECE, MOST_SCORE)));
        var unknown = model.integer("unk_id");
        model.require(unknown >= 0 && unknown < pieces.size(), "unk_id", "must be the place of one of the pieces");
        result.put("unk_id", unknown).put("byte_fallback", model.flag("byte_fallback")).set("vocab", pieces);
        return result;
    }

    private static boolean isPiece(JsonNode piece) {
        var text = piece.path(0).asText();
        return piece.size() == 2 && piece.path(0).isTextual() && !text.isEmpty() && text.length() <= LONGEST_PIECE
                && piece.path(1).isNumber() && Math.abs(piece.path(1).doubleValue()) <= MOST_SCORE;
    }
}
