package dev.fusedit.fusion.text;

import static com.google.common.base.Preconditions.checkArgument;

/// Words before every prompt that tell the language model what to do. They do not count towards a prompt's own length.
public record Instruction(String text) {
    public static final Instruction NONE = new Instruction("");

    /// Ids of the instruction and a prompt behind it.
    ///
    /// @param longest ids of a prompt with its first (bos)
    public int[] encode(Tokenizer tokenizer, String prompt, int longest) {
        return tokenizer.encode(text + prompt, longest(tokenizer, longest));
    }

    /// Ids of the longest prompt with the instruction's, whose first (bos) is the same. Blanks at the instruction's end belong to the
    /// prompt's first word.
    public int longest(Tokenizer tokenizer, int prompt) {
        checkArgument(prompt > 0, "the longest prompt must be positive, got %s", prompt);
        return text.isEmpty() ? prompt : prompt + tokenizer.encode(text.stripTrailing()).length - 1;
    }
}
