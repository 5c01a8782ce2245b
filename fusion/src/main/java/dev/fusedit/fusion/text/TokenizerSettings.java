package dev.fusedit.fusion.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import dev.fusedit.fusion.config.ConfigReader;
import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What `tokenizer_config.json` says of the `tokenizer.json` beside it: whether a text begins with `bos_token` and ends with `eos_token`
/// (`add_bos_token`, `add_eos_token`), and which ids added tokens have.
///
/// transformers' classes for Gemma and Llama put those tokens around a text as the flags say, whatever `tokenizer.json` says; so it is done
/// here. Its other classes pass over the flags in some versions and heed them in others: there the two files must agree.
final class TokenizerSettings {
    private static final String FILE = "tokenizer_config.json";
    private static final String PROCESSOR = "post_processor";
    private static final Set<String> HEEDING = Set.of("GemmaTokenizer", "GemmaTokenizerFast", "LlamaTokenizer", "LlamaTokenizerFast",
            "CodeLlamaTokenizer", "CodeLlamaTokenizerFast");

    private final TokenizerSource source;
    private final ObjectNode tokenizer;
    private final SavedTokens saved;
    private final ConfigReader config;

    private @Nullable Map<String, Integer> vocabulary;

    private TokenizerSettings(TokenizerSource source, Path folder) {
        this.source = source;
        tokenizer = source.outline();
        saved = SavedTokens.read(folder);
        config = saved.config();
    }

    /// The JSON of a `tokenizer.json`, as it counts with what lies beside it.
    ///
    /// @throws UserError if the two do not agree, or one is broken
    static TokenizerSource read(Path file) throws IOException {
        var source = TokenizerSource.of(file);
        apply(source, file);
        return source;
    }

    /// Changes the outline.
    private static void apply(TokenizerSource source, Path file) throws IOException {
        var folder = file.toAbsolutePath().getParent();
        if (Files.isRegularFile(folder.resolve(FILE))) {
            new TokenizerSettings(source, folder).apply();
        }
    }

    /// As [#read], as text: the file's own where nothing beside it changes anything.
    static PackedText text(Path file) throws IOException {
        var source = TokenizerSource.of(file);
        var before = source.outline().path(PROCESSOR).deepCopy();
        apply(source, file);
        if (source.outline().path(PROCESSOR).equals(before)) {
            return PackedText.of(out -> Files.copy(file, out));
        }
        return PackedText.of(out -> {
            try (var into = TokenizerSource.JSON.createGenerator(out)) {
                source.copy(file, PROCESSOR, into);
            }
        });
    }

    private void apply() throws IOException {
        requireAddedTokens();
        var around = Around.of(tokenizer.path(PROCESSOR));
        var begins = wanted("add_bos_token", "bos_token", around.before());
        var ends = wanted("add_eos_token", "eos_token", around.after());
        if (begins.equals(around.before()) && ends.equals(around.after())) {
            return;
        }
        tokenizer.set(PROCESSOR, template(begins, ends));
    }

    /// Tokens on one side of a text.
    ///
    /// @param present as `tokenizer.json` has them
    private List<String> wanted(String flag, String role, List<String> present) {
        if (!config.has(flag)) {
            return present;
        }
        var token = saved.token(role, "");
        boolean wanted = config.flag(flag);
        if (wanted == (!token.isEmpty() && present.contains(token)) || !wanted && present.isEmpty()) {
            return present;
        }
        config.require(HEEDING.contains(String.valueOf(saved.type())), flag,
                "must agree with tokenizer.json, which puts %s there".formatted(present.isEmpty() ? "nothing" : String.join(" ", present)));
        config.require(!wanted || !token.isEmpty(), role, "must be a token: %s is true".formatted(flag));
        return wanted ? List.of(token) : List.of();
    }

    private ObjectNode template(List<String> begins, List<String> ends) {
        var result = tokenizer.objectNode().put("type", "TemplateProcessing");
        var single = result.putArray("single");
        sequence(single, begins, "A", ends, 0);
        sequence(sequence(result.putArray("pair"), begins, "A", ends, 0), begins, "B", ends, 1);
        var special = result.putObject("special_tokens");
        for (var token : ImmutableList.<String>builder().addAll(begins).addAll(ends).build()) {
            int id = id(token).orElseThrow(() -> new UserError("%s: %s is no token of tokenizer.json".formatted(config.where(), token)));
            var entry = special.putObject(token).put("id", token);
            entry.putArray("ids").add(id);
            entry.putArray("tokens").add(token);
        }
        return result;
    }

    private static ArrayNode sequence(ArrayNode into, List<String> begins, String name, List<String> ends, int type) {
        begins.forEach(token -> into.addObject().putObject("SpecialToken").put("id", token).put("type_id", type));
        into.addObject().putObject("Sequence").put("id", name).put("type_id", type);
        ends.forEach(token -> into.addObject().putObject("SpecialToken").put("id", token).put("type_id", type));
        return into;
    }

    // ---- ids

    private void requireAddedTokens() {
        if (!config.has("added_tokens_decoder")) {
            return;
        }
        var decoder = config.in("added_tokens_decoder");
        decoder.node().fieldNames().forEachRemaining(id -> {
            var content = decoder.in(id).text("content");
            var own = content == null ? OptionalInt.empty() : id(content);
            decoder.require(own.isPresent() && String.valueOf(own.getAsInt()).equals(id), id, "must agree with tokenizer.json, where %s"
                    .formatted(own.isPresent() ? "'%s' is %d".formatted(content, own.getAsInt()) : "'%s' is no token".formatted(content)));
        });
    }

    private OptionalInt id(String content) {
        for (var token : tokenizer.path("added_tokens")) {
            if (token.path("content").asText().equals(content)) {
                return OptionalInt.of(token.path("id").intValue());
            }
        }
        var id = vocabulary().get(content);
        return id == null ? OptionalInt.empty() : OptionalInt.of(id);
    }

    /// Read when an added token is not among the added ones.
    private Map<String, Integer> vocabulary() {
        if (vocabulary == null) {
            vocabulary = source.ids();
        }
        return vocabulary;
    }

    /// The tokens that a post-processor puts around a text.
    private record Around(List<String> before, List<String> after) {
        private static final Around NOTHING = new Around(List.of(), List.of());

        static Around of(JsonNode processor) {
            return switch (processor.path("type").asText()) {
                case "TemplateProcessing" -> template(processor.path("single"));
                case "BertProcessing", "RobertaProcessing" -> new Around(List.of(processor.path("cls").path(0).asText()),
                        List.of(processor.path("sep").path(0).asText()));
                case "Sequence" -> processor.path("processors").valueStream().map(Around::of).filter(one -> !one.equals(NOTHING))
                        .findFirst().orElse(NOTHING);
                default -> NOTHING;
            };
        }

        private static Around template(JsonNode single) {
            var before = ImmutableList.<String>builder();
            var after = ImmutableList.<String>builder();
            boolean behind = false;
            for (var part : single) {
                behind |= part.has("Sequence");
                if (part.has("SpecialToken")) {
                    (behind ? after : before).add(part.path("SpecialToken").path("id").asText());
                }
            }
            return new Around(before.build(), after.build());
        }
    }
}
