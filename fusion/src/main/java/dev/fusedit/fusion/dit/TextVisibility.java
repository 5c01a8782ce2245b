package dev.fusedit.fusion.dit;

import dev.fusedit.fusion.llm.Prompt;
import dev.fusedit.nn.AttentionMask;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.Tensors;
import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// What image rows see of the text: a key-padding mask, which masks all keys in text-masked samples.
///
/// @param mask over T + N keys in a shared attention, over T in one over text
/// @param reads_B11 0 for a sample that sees no text in an attention over text alone, where a softmax over nothing would not be a number;
///        1 for the others; null where every sample sees some
record TextVisibility(AttentionMask mask, @Nullable Tensor reads_B11) implements Tensors {
    /// @param textMasked samples whose image rows do not see their own text; null for none
    static TextVisibility of(Fusion fusion, Prompt prompt, boolean @Nullable [] textMasked, Tensor x_BNC) {
        var seen = IntStream.range(0, prompt.batch()).map(b -> textMasked != null && textMasked[b] ? 0 : prompt.lengths_B()[b]).toArray();
        if (!fusion.readsTextAlone()) {
            return new TextVisibility(mask(seen, prompt, (int) x_BNC.size(1), x_BNC), null);
        }
        return Arrays.stream(seen).allMatch(count -> count > 0) ? new TextVisibility(mask(seen, prompt, 0, x_BNC), null)
                : ofSome(seen, prompt, x_BNC);
    }

    /// A sample that sees nothing attends to all columns, and what comes of it is multiplied by 0.
    private static TextVisibility ofSome(int[] seen, Prompt prompt, Tensor x_BNC) {
        var reads = new float[seen.length];
        for (int b = 0; b < seen.length; b++) {
            reads[b] = seen[b] > 0 ? 1 : 0;
        }
        var columns = Arrays.stream(seen).map(count -> count > 0 ? count : prompt.tokens()).toArray();
        return TensorScope.scoped(() -> new TextVisibility(mask(columns, prompt, 0, x_BNC),
                Tensor.of(reads, seen.length, 1, 1).to(x_BNC.dtype()).to(x_BNC.device())));
    }

    private static AttentionMask mask(int[] seen, Prompt prompt, int more, Tensor x_BNC) {
        return new AttentionMask.Keys(Prompt.keyBias(seen, prompt.tokens(), more, x_BNC.dtype(), x_BNC.device()));
    }

    @Override
    public Stream<Tensor> tensors() { return Stream.concat(mask.tensors(), Stream.ofNullable(reads_B11)); }
}
