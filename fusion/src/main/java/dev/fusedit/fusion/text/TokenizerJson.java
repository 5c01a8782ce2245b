package dev.fusedit.fusion.text;

import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import dev.fusedit.fusion.config.ConfigReader;
import dev.fusedit.torch.UserError;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.function.Function;

/// A `tokenizer.json` that is safe to hand to the library behind [SubwordTokenizer].
///
/// The library panics at much that it does not expect, and a panic ends the whole process. So it never sees a file: it sees what is
/// written here, of known parts alone, each with the fields that it has, and only after those fit each other. Padding, truncation and
/// the template for pairs of texts are left out, since nothing here reads them.
///
/// @param utf8 the JSON for the library, in ASCII: Java keeps such a text in a byte a character
/// @param longest characters of a text at most: what its normalizers make of it fits in memory, and its patterns get through it
/// @param normalizer another, whose tokenizer only normalizes: a text becomes one token, and nothing where no text is left
/// @param normalized added tokens that are looked for among the normalized; the library panics where one of them becomes nothing
record TokenizerJson(byte[] utf8, int longest, String normalizer, ImmutableList<String> normalized) {
    private static final int MOST_ADDED = 1 << 15;
    private static final int LONGEST_ADDED = 1000;
    private static final int MOST_ADDED_CHARACTERS = 1 << 20;
    private static final int MOST_ID = 1 << 24;

    static final String REMEDY = "Give a file that Hugging Face's tokenizers saved";

    /// @throws UserError if it is broken, or has what is not known
    static TokenizerJson read(Path file) throws IOException {
        return of(TokenizerSettings.read(file), file + ": is no tokenizer.json that is understood");
    }

    /// @param where the beginning of an error
    static TokenizerJson of(ObjectNode root, String where) throws IOException { return of(TokenizerSource.of(root), where); }

    private static TokenizerJson of(TokenizerSource source, String where) throws IOException {
        var file = new ConfigReader(source.outline(), where);
        var before = new TokenizerParts();
        var after = new TokenizerParts();
        var parts = JsonNodeFactory.instance.objectNode().put("version", "1.0");
        part(file, "normalizer", before::normalizer, parts);
        part(file, "pre_tokenizer", before::preTokenizer, parts);
        part(file, "post_processor", after::postProcessor, parts);
        part(file, "decoder", after::decoder, parts);
        var utf8 = new ByteArrayOutputStream();
        try (var into = TokenizerSource.JSON.createGenerator(utf8).enable(JsonWriteFeature.ESCAPE_NON_ASCII.mappedFeature())) {
            into.writeStartObject();
            into.writeFieldName("model");
            TokenizerModels.write(source.large(), file.in("model"), into);
            added(file, parts);
            file.require(before.longest() >= LONGEST_ADDED && after.longest() >= LONGEST_ADDED, "normalizer",
                    "must, with the other parts, be safe on texts of at least %d characters".formatted(LONGEST_ADDED));
            requireWhole(parts.toString(), where);
            for (var part : parts.properties()) {
                into.writeFieldName(part.getKey());
                TokenizerSource.JSON.writeTree(into, part.getValue());
            }
            into.writeEndObject();
        }
        return new TokenizerJson(utf8.toByteArray(), before.longest(), normalizer(parts), parts.path("added_tokens").valueStream()
                .filter(token -> token.path("normalized").booleanValue()).map(token -> token.path("content").textValue())
                .filter(content -> !content.isEmpty()).collect(ImmutableList.toImmutableList()));
    }

    /// @throws UserError if a text has half of a character
    static void requireWhole(String text, String where) {
        if (text.chars().anyMatch(c -> Character.isSurrogate((char) c)) && hasLoneSurrogate(text)) {
            throw new UserError("%s: has half of a character (a lone surrogate)".formatted(where));
        }
    }

    private static void part(ConfigReader file, String name, Function<ConfigReader, ObjectNode> written, ObjectNode result) {
        result.set(name, file.has(name) ? written.apply(file.in(name)) : result.nullNode());
    }

    private static String normalizer(ObjectNode whole) {
        var result = JsonNodeFactory.instance.objectNode().put("version", "1.0");
        result.set("normalizer", whole.path("normalizer"));
        result.putObject("model").put("type", "WordLevel").put("unk_token", "").putObject("vocab").put("", 0);
        return result.toString();
    }

    private static void added(ConfigReader file, ObjectNode result) {
        var written = result.putArray("added_tokens");
        if (!file.has("added_tokens")) {
            return;
        }
        var tokens = file.objects("added_tokens");
        file.require(tokens.size() <= MOST_ADDED, "added_tokens", "must be at most %d".formatted(MOST_ADDED));
        var characters = 0;
        boolean stripsRight = false, opensBlank = false;
        for (var token : tokens) {
            token.require(token.has("content"), "content", "must be a text");
            var content = Objects.requireNonNull(token.text("content"));
            token.require(content.length() <= LONGEST_ADDED, "content", "must have at most %d characters".formatted(LONGEST_ADDED));
            token.require(token.integer("id") >= 0 && token.integer("id") < MOST_ID, "id", "must be from 0 to below %d".formatted(MOST_ID));
            var entry = written.addObject().put("id", token.integer("id")).put("content", content);
            for (var flag : new String[] {"single_word", "lstrip", "rstrip", "normalized", "special"}) {
                token.require(token.has(flag), flag, "must be true or false");
                entry.put(flag, token.flag(flag));
            }
            characters += content.length();
            stripsRight |= token.flag("rstrip");
            opensBlank |= !content.isEmpty() && content.substring(0, 1).isBlank();
        }
        file.require(characters <= MOST_ADDED_CHARACTERS, "added_tokens", "must have less text");
        file.require(!stripsRight || !opensBlank, "added_tokens",
                "must not open with a blank where another takes the blanks behind it (rstrip)");
    }

    private static boolean hasLoneSurrogate(String text) {
        return text.codePoints().anyMatch(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE);
    }
}
