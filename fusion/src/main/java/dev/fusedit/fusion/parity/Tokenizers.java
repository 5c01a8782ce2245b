package dev.fusedit.fusion.parity;

import com.fasterxml.jackson.databind.JsonNode;
import dev.fusedit.fusion.parity.ParityReport.CaseResult;
import dev.fusedit.fusion.parity.ParityReport.Worst;
import dev.fusedit.fusion.text.ChatTemplate;
import dev.fusedit.fusion.text.SubwordTokenizer;
import dev.fusedit.torch.UserError;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/// A folder of expected token ids, a JSON file for each tokenizer; each is a case of its own. The tokenizers' files lie elsewhere.
///
/// `clip_cross_check.json` is none: it tells what other tokenizers, which do not agree with each other, make of the same texts.
record Tokenizers(Case folder, Map<String, Path> files) {
    /// Also a folder of nothing but files, one of which is broken JSON: it may have been a case.
    static boolean is(Case here) {
        var all = names(here);
        return all.stream().anyMatch(name -> kind(here, name) == Kind.CASE)
                || here.isLeaf() && all.stream().anyMatch(name -> kind(here, name) == Kind.BROKEN);
    }

    private enum Kind {
        CASE, OTHER, BROKEN
    }

    private static List<String> names(Case here) {
        return here.list().filter(Files::isRegularFile).map(file -> file.getFileName().toString()).filter(name -> name.endsWith(".json"))
                .sorted().toList();
    }

    private static Kind kind(Case here, String name) {
        try {
            var json = here.json(name);
            return json.has("vocab_size") && json.path("prompts").isArray() && json.path("prompts").path(0).has("text") ? Kind.CASE
                    : Kind.OTHER;
        } catch (UserError e) {
            return Kind.BROKEN;
        }
    }

    List<CaseResult> run() {
        return names(folder).stream().filter(name -> kind(folder, name) != Kind.OTHER).map(this::run).toList();
    }

    private CaseResult run(String name) {
        var tokenizer = name.substring(0, name.length() - ".json".length());
        var title = folder.name() + "/" + tokenizer;
        try {
            var ids = new Ids(tokenizer, folder.json(name));
            var file = files.get(tokenizer);
            return file == null
                    ? CaseResult.skipped(title, "needs the tokenizer's file: --tokenizer %s=FILE".formatted(tokenizer))
                    : ids.run(title, file);
        } catch (UserError e) {
            return CaseResult.unreadable(title, e.getMessage());
        }
    }

    /// One tokenizer's expected ids.
    private record Ids(String tokenizer, JsonNode json, List<String> wrong, int[] checked) {
        Ids(String tokenizer, JsonNode json) { this(tokenizer, json, new ArrayList<>(), new int[1]); }

        CaseResult run(String title, Path file) {
            var clip = json.path("prompts").path(0).has("ids77");
            try (var tokenizer = clip ? SubwordTokenizer.clip(file) : SubwordTokenizer.open(file)) {
                for (int i = 0; i < json.path("prompts").size(); i++) {
                    prompt(tokenizer, "prompts[%s].".formatted(i), json.path("prompts").get(i));
                }
                for (int i = 0; i < json.path("chat").size(); i++) {
                    chat(tokenizer, "chat[%s].".formatted(i), json.path("chat").get(i));
                }
            }
            if (clip) {
                asTheFastClass(file);
            }
            var error = wrong.isEmpty() ? 0 : Double.POSITIVE_INFINITY;
            return new CaseResult(title, wrong.isEmpty(), null, checked[0], List.of(), List.copyOf(wrong), false,
                    new Worst(wrong.isEmpty() ? "ids" : wrong.getFirst(), error, 0));
        }

        private void compare(String name, JsonNode expected, int[] actual) {
            check(name, Arrays.equals(actual, expected.valueStream().mapToInt(JsonNode::intValue).toArray()));
        }

        private void check(String name, boolean holds) {
            checked[0]++;
            if (!holds) {
                wrong.add(name);
            }
        }

        private void prompt(SubwordTokenizer tokenizer, String name, JsonNode prompt) {
            var text = prompt.path("text").textValue();
            compare(name + "ids_all", prompt.path("ids_all"), tokenizer.encode(text));
            for (var length : new int[] {32, 77}) {
                if (prompt.has("ids" + length)) {
                    var ids = tokenizer.encode(text, length);
                    compare(name + "ids" + length, prompt.path("ids" + length),
                            IntStream.range(0, length).map(i -> i < ids.length ? ids[i] : json.path("pad").asInt(0)).toArray());
                    compare(name + "mask" + length, prompt.path("mask" + length),
                            IntStream.range(0, length).map(i -> i < ids.length ? 1 : 0).toArray());
                }
            }
        }

        /// The library's newer class leaves the cleaning out.
        private void asTheFastClass(Path file) {
            try (var tokenizer = SubwordTokenizer.open(file, text -> text)) {
                for (int i = 0; i < json.path("prompts").size(); i++) {
                    var prompt = json.path("prompts").get(i);
                    if (prompt.has("ids_fast_all")) {
                        compare("prompts[%s].ids_fast_all".formatted(i), prompt.path("ids_fast_all"),
                                tokenizer.encode(prompt.path("text").textValue()));
                    }
                }
            }
        }

        private void chat(SubwordTokenizer tokenizer, String name, JsonNode chat) {
            var messages = chat.path("messages").valueStream()
                    .map(message -> new ChatTemplate.Message(message.path("role").textValue(), message.path("content").textValue()))
                    .toList();
            var text = ChatTemplate.named(this.tokenizer).of(messages, chat.path("add_generation_prompt").booleanValue());
            check(name + "text", text.equals(chat.path("text").textValue()));
            compare(name + "ids", chat.path("ids"), tokenizer.bare(text));
        }
    }
}
