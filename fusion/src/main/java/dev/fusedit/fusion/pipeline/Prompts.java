package dev.fusedit.fusion.pipeline;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableList;
import dev.fusedit.fusion.text.Instruction;
import java.util.List;

/// What images are to show.
///
/// @param negative what guidance leads away from; as it is, without the instruction
/// @param each images a prompt
/// @param longest tokens of a prompt, its first included; what is longer is cut
/// @param instruction words before every prompt
public record Prompts(ImmutableList<String> texts, String negative, int each, int longest, Instruction instruction) {
    /// The paper's models read so many tokens.
    private static final int PAPER_LONGEST = 256;

    public Prompts {
        checkArgument(!texts.isEmpty(), "there is no prompt");
        checkArgument(each > 0, "images a prompt must be positive, got %s", each);
        checkArgument(longest > 0, "the longest prompt must be positive, got %s", longest);
    }

    /// One image each, led away from the empty text.
    public static Prompts of(List<String> texts) {
        return new Prompts(ImmutableList.copyOf(texts), "", 1, PAPER_LONGEST, Instruction.NONE);
    }

    Prompts negative(String text) { return new Prompts(texts, text, each, longest, instruction); }

    Prompts each(int images) { return new Prompts(texts, negative, images, longest, instruction); }

    Prompts longest(int tokens) { return new Prompts(texts, negative, each, tokens, instruction); }

    Prompts instruction(Instruction words) { return new Prompts(texts, negative, each, longest, words); }

    public int images() { return texts.size() * each; }

    /// Which text an image is of.
    int of(int image) { return image % texts.size(); }
}
