package dev.fusedit.fusion.pipeline;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import dev.fusedit.fusion.config.Bound;
import dev.fusedit.fusion.text.Instruction;
import java.util.List;

/// What images are to show.
///
/// @param negative what guidance leads away from; as it is, without the instruction
/// @param each images a prompt
/// @param instruction words before every prompt
public record Prompts(ImmutableList<String> texts, String negative, int each, Instruction instruction) {
    public Prompts {
        checkArgument(!texts.isEmpty(), "there is no prompt");
        Bound.IMAGES.check("images a prompt", each);
        Bound.IMAGES.check("images of all prompts", Math.multiplyFull(texts.size(), each));
    }

    /// One image each, led away from the empty text.
    public static Prompts of(List<String> texts) {
        return new Prompts(ImmutableList.copyOf(texts), "", 1, Instruction.NONE);
    }

    Prompts negative(String text) { return new Prompts(texts, text, each, instruction); }

    Prompts each(int images) { return new Prompts(texts, negative, images, instruction); }

    Prompts instruction(Instruction words) { return new Prompts(texts, negative, each, words); }

    public int images() { return texts.size() * each; }

    /// What an image is of.
    public String of(int image) { return texts.get(image % texts.size()); }

    /// Each text once, in order.
    ImmutableList<String> distinct() { return ImmutableSet.copyOf(texts).asList(); }
}
