package dev.fusedit.fusion.pipeline;

import dev.fusedit.fusion.text.Tokenizer;
import dev.fusedit.fusion.vision.ClipTextModel;
import dev.fusedit.torch.Tensor;
import java.util.Arrays;
import java.util.List;

/// A second reading of the prompts, one vector each, for models that take it: CLIP's.
///
/// @param pad id behind the end of a text; CLIP's state at the end does not see it
public record PooledText(ClipTextModel clip, Tokenizer tokenizer, int pad) {
    /// One vector a text, (B, projection).
    public Tensor of(List<String> texts) { return clip.forward(texts.stream().map(this::ids).toArray(long[][]::new)).embeds_BO(); }

    private long[] ids(String text) {
        var longest = clip.config().maxTokens();
        var ids = tokenizer.encode(text, longest);
        var row = new long[longest];
        Arrays.fill(row, pad);
        for (int i = 0; i < ids.length; i++) {
            row[i] = ids[i];
        }
        return row;
    }
}
