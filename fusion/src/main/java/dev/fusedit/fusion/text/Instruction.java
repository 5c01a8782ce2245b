package dev.fusedit.fusion.text;

import static com.google.common.base.Preconditions.checkArgument;

/// Words before every prompt that tell the language model what to do. They do not count towards a prompt's own length.
public record Instruction(String text) {
    public static final Instruction NONE = new Instruction("");

    /// Ids of the instruction and a prompt behind it.
    ///
    /// @param longest ids of a prompt with its first (bos)
    public int[] encode(Tokenizer tokenizer, String prompt, int longest) {
        checkArgument(longest > 0, "the longest prompt must be positive, got %s", longest);
        return tokenizer.encode(text + prompt, longest + length(tokenizer));
    }

    /// Ids of the instruction alone, without its first (bos). Blanks at its end belong to the prompt's first word.
    int length(Tokenizer tokenizer) { return tokenizer.encode(text.stripTrailing()).length - 1; }
}
