package dev.fusedit.fusion.text;

import com.fasterxml.jackson.databind.node.MissingNode;
import com.google.common.base.CharMatcher;
import com.google.common.collect.Iterables;
import com.google.common.hash.Hashing;
import dev.fusedit.fusion.llm.Family;
import dev.fusedit.fusion.llm.Family.Gemma;
import dev.fusedit.fusion.llm.Family.Gemma2;
import dev.fusedit.fusion.llm.Family.Gemma3;
import dev.fusedit.fusion.llm.Family.Llama;
import dev.fusedit.fusion.llm.Family.Qwen3;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.JsonFile;
import dev.fusedit.torch.io.TextFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What a chat becomes before it is tokenized, as models tuned on instructions were trained with. The text has its own special tokens:
/// tokenize it without more ([SubwordTokenizer#bare]).
///
/// Published templates are programs (Jinja); these are the same for chats of a system text, a user and an assistant in turns, no tools.
/// A folder's template is known by its hash, so one that does something else is never taken for one of these.
public enum ChatTemplate {
    /// Gemma's turns. The system text goes before the first one's words; only Gemma 3's own template takes one.
    GEMMA("ecd6ae513fe103f0eb62e8ab5bfa8d0fe45c1074fa398b089c93a7e70c15cfd6",
            "8d9e3a3c114fb2053ec500184677af4f7e5f8ec2582443cd535834e68b3ade29"),

    /// Llama 3's, a system text as a turn of its own. The first template that was published opens the model's turn even where it should
    /// not.
    LLAMA3("b48c47f6443892716176eb200bf4ef108f64e06ca26ed0fa8ebc0a4b3992fcb2",
            "ba03a121d097859c7b5b9cd03af99aafe95275210d2876f642ad9929a150f122"),

    /// Qwen 3's, which thinks: of earlier answers the thoughts are left out, a last one has them, empty or not.
    QWEN3("2df317a15cbc983d9602cc391d33be17237d47ec7eb11ead80fae277143958aa");

    /// What Python takes off a text's ends.
    private static final CharMatcher BLANKS = CharMatcher.whitespace().or(CharMatcher.inRange('\u001c', '\u001f'));
    private static final CharMatcher BREAKS = CharMatcher.is('\n');

    private static final String THINKING = "<think>";
    private static final String THOUGHT = "</think>";

    private final Set<String> hashes;

    ChatTemplate(String... hashes) { this.hashes = Set.of(hashes); }

    /// @param role `system` (first only), `user` or `assistant`, the last two in turns
    public record Message(String role, String content) {}

    /// @param answering whether the model's turn is opened at the end
    public String of(List<Message> messages, boolean answering) {
        var system = !messages.isEmpty() && messages.getFirst().role().equals("system") ? messages.getFirst().content() : null;
        var turns = messages.subList(system == null ? 0 : 1, messages.size());
        for (int i = 0; i < turns.size(); i++) {
            if (!turns.get(i).role().equals(i % 2 == 0 ? "user" : "assistant")) {
                throw new UserError("a chat goes user, assistant, user …; message %d is of '%s'".formatted(i + 1, turns.get(i).role()));
            }
        }
        return switch (this) {
            case GEMMA -> gemma(system, turns, answering);
            case LLAMA3 -> llama3(system, turns, answering);
            case QWEN3 -> qwen3(system, turns, answering);
        };
    }

    /// One prompt as a chat.
    public String of(String prompt) { return of(List.of(new Message("user", prompt)), true); }

    private static String gemma(@Nullable String system, List<Message> turns, boolean answering) {
        var text = new StringBuilder("<bos>");
        for (var turn : turns) {
            text.append("<start_of_turn>").append(isUser(turn) ? "user" : "model").append('\n')
                    .append(system != null && turn == turns.getFirst() ? system + "\n\n" : "")
                    .append(BLANKS.trimFrom(turn.content())).append("<end_of_turn>\n");
        }
        return text.append(answering ? "<start_of_turn>model\n" : "").toString();
    }

    private static String llama3(@Nullable String system, List<Message> turns, boolean answering) {
        var text = new StringBuilder("<|begin_of_text|>");
        var all = system == null ? turns : Iterables.concat(List.of(new Message("system", system)), turns);
        for (var message : all) {
            text.append("<|start_header_id|>").append(message.role()).append("<|end_header_id|>\n\n")
                    .append(BLANKS.trimFrom(message.content())).append("<|eot_id|>");
        }
        return text.append(answering ? "<|start_header_id|>assistant<|end_header_id|>\n\n" : "").toString();
    }

    private static String qwen3(@Nullable String system, List<Message> turns, boolean answering) {
        var text = new StringBuilder();
        if (system != null) {
            text.append("<|im_start|>system\n").append(system).append("<|im_end|>\n");
        }
        for (var turn : turns) {
            text.append("<|im_start|>").append(turn.role()).append('\n')
                    .append(isUser(turn) ? turn.content() : answer(turn.content(), turn == turns.getLast())).append("<|im_end|>\n");
        }
        return text.append(answering ? "<|im_start|>assistant\n" : "").toString();
    }

    /// An answer without its thoughts, or behind them if it is the last.
    private static String answer(String content, boolean last) {
        var end = content.lastIndexOf(THOUGHT);
        var words = end < 0 ? content : BREAKS.trimLeadingFrom(content.substring(end + THOUGHT.length()));
        if (!last) {
            return words;
        }
        var before = end < 0 ? "" : content.substring(0, content.indexOf(THOUGHT));
        var begin = before.lastIndexOf(THINKING);
        var thoughts = begin < 0 ? before : before.substring(begin + THINKING.length());
        return "<think>\n" + BREAKS.trimFrom(thoughts) + "\n</think>\n\n" + BREAKS.trimLeadingFrom(words);
    }

    private static boolean isUser(Message message) { return message.role().equals("user"); }

    // ---- which

    /// The template of a family by its or a tokenizer's name: `gemma3`, `llama3.1`, `qwen3`.
    ///
    /// @throws UserError for any other
    public static ChatTemplate named(String name) {
        var lower = name.toLowerCase(Locale.ROOT);
        return Arrays.stream(values()).filter(template -> lower.startsWith(template.name().toLowerCase(Locale.ROOT)))
                .findFirst().orElseThrow(() -> new UserError("no chat template is known for '%s', only for gemma, llama3 and qwen3"
                        .formatted(name)));
    }

    /// The template of a family's published models.
    public static ChatTemplate of(Family family) {
        return switch (family) {
            case Gemma _ -> GEMMA;
            case Gemma2 _ -> GEMMA;
            case Gemma3 _ -> GEMMA;
            case Llama _ -> LLAMA3;
            case Qwen3 _ -> QWEN3;
        };
    }

    /// The template of a saved tokenizer: `chat_template` in `tokenizer_config.json`, or `chat_template.jinja`.
    ///
    /// @throws UserError if it has none, or one that is not known
    public static ChatTemplate of(Path folder) {
        try {
            var text = published(folder);
            var hash = Hashing.sha256().hashString(text.replace("\\n", "\n").strip(), StandardCharsets.UTF_8).toString();
            return Arrays.stream(values()).filter(template -> template.hashes.contains(hash)).findFirst()
                    .orElseThrow(() -> new UserError(("%s: its chat template is none of those that are known (Gemma's, Llama 3's, Qwen "
                            + "3's). "
                            + "Write the prompts as the model expects them, or use the tokenizer of one of these").formatted(folder)));
        } catch (IOException e) {
            throw new UserError("%s: its chat template cannot be read (%s)".formatted(folder, e.getMessage()), e);
        }
    }

    private static String published(Path folder) throws IOException {
        var file = folder.resolve("chat_template.jinja");
        if (Files.isRegularFile(file)) {
            return TextFile.read(file, "a chat template");
        }
        var config = folder.resolve("tokenizer_config.json");
        var template = Files.isRegularFile(config)
                ? JsonFile.object(config, "Fetch the tokenizer's folder anew").path("chat_template") : MissingNode.getInstance();
        for (var each : template) { // named ones
            if (each.path("name").asText().equals("default")) {
                template = each.path("template");
            }
        }
        if (!template.isTextual()) {
            throw new UserError("%s: has no chat template".formatted(folder));
        }
        return template.textValue();
    }
}
