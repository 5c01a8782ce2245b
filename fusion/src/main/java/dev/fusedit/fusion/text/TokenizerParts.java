package dev.fusedit.fusion.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fusedit.fusion.config.ConfigReader;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;

/// What comes before and after a tokenizer's model: each known kind with the fields it has, written anew. What is not known is refused,
/// and so is what the library panics at.
///
/// It counts by how much a text may grow, and what texts its patterns are safe on: [#longest()].
final class TokenizerParts {
    private static final int MOST_PARTS = 100;
    private static final int LONGEST_TEXT = 1000;
    private static final int MOST_BYTES = 4 << 20;
    private static final int MOST_GROWTH = 4096;
    private static final int MOST_ID = 1 << 24;

    private final JsonNodeFactory json = JsonNodeFactory.instance;
    private int parts;
    private double growth = 1;
    private int safe = MOST_BYTES;

    /// The longest text, in characters, whose UTF-8 form is safe after all growth.
    int longest() { return (int) (safe / growth / 3); }

    private void grows(ConfigReader part, double factor) {
        growth *= factor;
        part.require(growth <= MOST_GROWTH, "type", "makes texts more than %d times as long with the others".formatted(MOST_GROWTH));
    }

    private ObjectNode made(ConfigReader part, String type) {
        part.require(++parts <= MOST_PARTS, "type", "is one of more than %d parts".formatted(MOST_PARTS));
        return json.objectNode().put("type", type);
    }

    private static int bytes(String text) { return text.getBytes(StandardCharsets.UTF_8).length; }

    // ---- fields

    private static String text(ConfigReader part, String name) {
        part.require(part.has(name), name, "must be a text");
        var text = Objects.requireNonNull(part.text(name));
        part.require(text.length() <= LONGEST_TEXT, name, "must have at most %d characters".formatted(LONGEST_TEXT));
        return text;
    }

    private static String character(ConfigReader part, String name) {
        var text = text(part, name);
        part.require(text.codePointCount(0, text.length()) == 1, name, "must be one character");
        return text;
    }

    private static boolean flag(ConfigReader part, String name) {
        part.require(part.has(name), name, "must be true or false");
        return part.flag(name);
    }

    private static int id(ConfigReader part, JsonNode id, String name) {
        part.require(id.isIntegralNumber() && id.canConvertToInt() && id.intValue() >= 0 && id.intValue() < MOST_ID, name,
                "must have ids from 0 to below %d".formatted(MOST_ID));
        return id.intValue();
    }

    private ObjectNode sequence(ConfigReader part, String name, Function<ConfigReader, ObjectNode> each) {
        var result = made(part, "Sequence");
        part.objects(name).stream().map(each).forEach(result.putArray(name)::add);
        return result;
    }

    /// `{"String": …}` or `{"Regex": …}`.
    private ObjectNode pattern(ConfigReader part) {
        var pattern = part.in("pattern");
        part.require(pattern.node().size() == 1 && (pattern.has("String") || pattern.has("Regex")), "pattern",
                "must have either a String or a Regex");
        if (pattern.has("String")) {
            var text = text(pattern, "String");
            part.require(!text.isEmpty(), "pattern", "must not be empty");
            return json.objectNode().put("String", text);
        }
        var regex = text(pattern, "Regex");
        safe = Math.min(safe, part.checked(() -> PatternBound.longest(regex)));
        return json.objectNode().put("Regex", regex);
    }

    private ObjectNode replace(ConfigReader part) {
        var content = text(part, "content");
        grows(part, 1 + bytes(content));
        var pattern = pattern(part);
        part.require(!pattern.has("Regex") || !PatternBound.matchesNothing(pattern.path("Regex").textValue()), "pattern",
                "must not match between characters");
        return made(part, "Replace").put("content", content).set("pattern", pattern);
    }

    private ObjectNode byteLevel(ConfigReader part) {
        return made(part, "ByteLevel").put("add_prefix_space", flag(part, "add_prefix_space"))
                .put("trim_offsets", flag(part, "trim_offsets")).put("use_regex", part.flag("use_regex", true));
    }

    private ObjectNode metaspace(ConfigReader part) {
        var replacement = character(part, "replacement");
        var prefixed = part.flag("add_prefix_space", true);
        var scheme = part.has("prepend_scheme") ? text(part, "prepend_scheme") : prefixed ? "always" : "never";
        part.require(Map.of("first", true, "always", true, "never", false).getOrDefault(scheme, !prefixed) == prefixed
                || scheme.equals("never"), "prepend_scheme", "must be first, always or never, as add_prefix_space says");
        return made(part, "Metaspace").put("replacement", replacement).put("prepend_scheme", scheme).put("split", part.flag("split", true));
    }

    // ---- before

    ObjectNode normalizer(ConfigReader part) {
        var type = text(part, "type");
        return switch (type) {
            case "Lowercase", "StripAccents", "Nmt", "ByteLevel" -> grown(part, type, 2);
            case "NFC", "NFD" -> grown(part, type, 4);
            case "NFKC", "NFKD" -> grown(part, type, 20);
            case "BertNormalizer" -> {
                var strip = part.has("strip_accents") ? json.booleanNode(part.flag("strip_accents")) : json.nullNode();
                yield grown(part, type, 12).put("clean_text", flag(part, "clean_text")).put("lowercase", flag(part, "lowercase"))
                        .put("handle_chinese_chars", flag(part, "handle_chinese_chars")).<ObjectNode>set("strip_accents", strip);
            }
            case "Strip" -> made(part, type).put("strip_left", flag(part, "strip_left")).put("strip_right", flag(part, "strip_right"));
            case "Prepend" -> {
                var prepended = text(part, "prepend");
                part.require(!prepended.isEmpty(), "prepend", "must not be empty");
                yield grown(part, type, 1 + bytes(prepended)).put("prepend", prepended);
            }
            case "Replace" -> replace(part);
            case "Precompiled" -> {
                part.require(part.has("precompiled_charsmap"), "precompiled_charsmap", "must be a text");
                var map = Objects.requireNonNull(part.text("precompiled_charsmap"));
                yield grown(part, type, 1 + part.checked(() -> CharacterMap.longest(map))).put("precompiled_charsmap", map);
            }
            case "Sequence" -> sequence(part, "normalizers", this::normalizer);
            default -> throw part.unknown("type", "the known normalizers");
        };
    }

    private ObjectNode grown(ConfigReader part, String type, double factor) {
        grows(part, factor);
        return made(part, type);
    }

    ObjectNode preTokenizer(ConfigReader part) {
        var type = text(part, "type");
        return switch (type) {
            case "BertPreTokenizer", "Whitespace", "WhitespaceSplit", "UnicodeScripts" -> made(part, type);
            case "ByteLevel" -> {
                grows(part, 3);
                yield byteLevel(part);
            }
            case "CharDelimiterSplit" -> made(part, type).put("delimiter", character(part, "delimiter"));
            case "Digits" -> made(part, type).put("individual_digits", flag(part, "individual_digits"));
            case "FixedLength" -> {
                part.require(part.integer("length", 5) > 0, "length", "must be positive");
                yield made(part, type).put("length", part.integer("length", 5));
            }
            case "Metaspace" -> {
                grows(part, 8);
                yield metaspace(part);
            }
            case "Punctuation" -> made(part, type).put("behavior", part.has("behavior") ? behavior(part) : "Isolated");
            case "Split" -> made(part, type).put("behavior", behavior(part)).put("invert", flag(part, "invert"))
                    .<ObjectNode>set("pattern", pattern(part));
            case "Sequence" -> sequence(part, "pretokenizers", this::preTokenizer);
            default -> throw part.unknown("type", "the known pre-tokenizers");
        };
    }

    private static String behavior(ConfigReader part) {
        var behavior = text(part, "behavior");
        return switch (behavior) {
            case "Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous" -> behavior;
            default -> throw part.unknown("behavior", "Removed, Isolated, MergedWithPrevious, MergedWithNext and Contiguous");
        };
    }

    // ---- after

    ObjectNode decoder(ConfigReader part) {
        var type = text(part, "type");
        return switch (type) {
            case "ByteFallback", "Fuse" -> made(part, type);
            case "ByteLevel" -> byteLevel(part);
            case "BPEDecoder" -> made(part, type).put("suffix", text(part, "suffix"));
            case "WordPiece" -> made(part, type).put("prefix", text(part, "prefix")).put("cleanup", flag(part, "cleanup"));
            case "CTC" -> made(part, type).put("pad_token", text(part, "pad_token"))
                    .put("word_delimiter_token", text(part, "word_delimiter_token")).put("cleanup", flag(part, "cleanup"));
            case "Metaspace" -> metaspace(part);
            case "Replace" -> replace(part);
            case "Strip" -> {
                part.require(part.integer("start") >= 0 && part.integer("stop") == 0, "stop", "must be 0, and start not negative");
                yield made(part, type).put("content", character(part, "content")).put("start", part.integer("start")).put("stop", 0);
            }
            case "Sequence" -> sequence(part, "decoders", this::decoder);
            default -> throw part.unknown("type", "the known decoders");
        };
    }

    ObjectNode postProcessor(ConfigReader part) { return postProcessor(part, new Around(json)); }

    private ObjectNode postProcessor(ConfigReader part, Around around) {
        var type = text(part, "type");
        return switch (type) {
            case "ByteLevel" -> byteLevel(part);
            case "TemplateProcessing" -> around.template(part, made(part, type));
            case "BertProcessing" -> around.two(part, made(part, type));
            case "RobertaProcessing" -> around.two(part, made(part, type)).put("trim_offsets", flag(part, "trim_offsets"))
                    .put("add_prefix_space", flag(part, "add_prefix_space"));
            case "Sequence" -> sequence(part, "processors", each -> postProcessor(each, around));
            default -> throw part.unknown("type", "the known post-processors");
        };
    }

    /// What puts tokens around a text, of which there can be one.
    private static final class Around {
        private final JsonNodeFactory json;
        private boolean given;

        Around(JsonNodeFactory json) { this.json = json; }

        private void one(ConfigReader part) {
            part.require(!given, "type", "must not be a second one that adds tokens");
            given = true;
        }

        /// `cls` before, `sep` behind.
        ObjectNode two(ConfigReader part, ObjectNode result) {
            one(part);
            for (var name : new String[] {"cls", "sep"}) {
                var token = part.node().path(name);
                part.require(token.size() == 2 && token.path(0).isTextual(), name, "must be a token with its id");
                result.putArray(name).add(token.path(0)).add(id(part, token.path(1), name));
            }
            return result;
        }

        /// The template of one text; that of two texts is not asked for here, so it is a plain one.
        ObjectNode template(ConfigReader part, ObjectNode result) {
            one(part);
            var tokens = part.in("special_tokens");
            var texts = 0;
            var single = result.putArray("single");
            for (var piece : part.objects("single")) {
                var special = piece.has("SpecialToken");
                var inside = piece.in(special ? "SpecialToken" : "Sequence");
                var name = text(inside, "id");
                part.require(special ? tokens.has(name) : name.equals("A") && texts++ == 0, "single",
                        "must have special tokens that are there, and the text A once");
                single.addObject().putObject(special ? "SpecialToken" : "Sequence").put("id", name).put("type_id", 0);
            }
            part.require(texts == 1, "single", "must have the text A once");
            var pair = result.putArray("pair");
            pair.addObject().putObject("Sequence").put("id", "A").put("type_id", 0);
            pair.addObject().putObject("Sequence").put("id", "B").put("type_id", 0);
            var specials = result.putObject("special_tokens");
            tokens.node().fieldNames().forEachRemaining(name -> specials.set(name, special(tokens.in(name), name)));
            return result;
        }

        private ObjectNode special(ConfigReader token, String name) {
            var ids = token.node().path("ids");
            var tokens = token.node().path("tokens");
            token.require(ids.isArray() && ids.size() <= MOST_PARTS, "ids", "must be a short list of ids");
            token.require(tokens.isArray() && tokens.size() == ids.size() && tokens.valueStream().allMatch(JsonNode::isTextual), "tokens",
                    "must be the texts of the ids");
            var result = json.objectNode().put("id", name);
            ids.forEach(id -> id(token, id, "ids"));
            result.set("ids", ids);
            result.set("tokens", tokens);
            return result;
        }
    }
}
