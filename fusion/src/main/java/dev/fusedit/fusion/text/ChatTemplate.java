package dev.fusedit.fusion.text;

import dev.fusedit.torch.UserError;
import java.util.List;

/// What a chat becomes before it is tokenized, as models tuned on instructions were trained with. The text has its own special tokens:
/// tokenize it without more.
public enum ChatTemplate {
    /// Gemma's turns, the first with a system text's words before it.
    GEMMA;

    /// @param role `system` (first only), `user` or `assistant`, the last two in turns
    public record Message(String role, String content) {}

    /// @param answering whether the model's turn is opened at the end
    public String of(List<Message> messages, boolean answering) {
        var text = new StringBuilder("<bos>");
        var system = !messages.isEmpty() && messages.getFirst().role().equals("system");
        var turns = messages.subList(system ? 1 : 0, messages.size());
        for (int i = 0; i < turns.size(); i++) {
            var turn = turns.get(i);
            var due = i % 2 == 0 ? "user" : "assistant";
            if (!turn.role().equals(due)) {
                throw new UserError("a chat goes user, assistant, user …; message %d is of '%s'".formatted(i + 1, turn.role()));
            }
            text.append("<start_of_turn>").append(due.equals("user") ? "user" : "model").append('\n');
            text.append(i == 0 && system ? messages.getFirst().content() + "\n\n" : "");
            text.append(turn.content().strip()).append("<end_of_turn>\n");
        }
        return text.append(answering ? "<start_of_turn>model\n" : "").toString();
    }

    /// One prompt as a chat.
    public String of(String prompt) { return of(List.of(new Message("user", prompt)), true); }
}
