package dev.fusedit.fusion.pipeline;

import dev.fusedit.fusion.dit.ImageModel;
import dev.fusedit.fusion.dit.TextState;
import dev.fusedit.fusion.flow.VelocityModel;
import dev.fusedit.torch.Lanes;
import dev.fusedit.torch.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// A model with its text, for sampling: the text once, and each step's batch in lanes.
public final class TextBound implements VelocityModel, AutoCloseable {
    private final ImageModel model;
    private final List<TextState> texts;
    private final @Nullable Tensor pooled_BX;
    private final Lanes lanes;

    /// @param text of all rows; stays the caller's. What is made of it here belongs to the innermost scope
    /// @param pooled_BX null for models that take no pooled text
    public TextBound(ImageModel model, TextState text, @Nullable Tensor pooled_BX) {
        this.model = model;
        this.pooled_BX = pooled_BX;
        lanes = Lanes.usual(model.dit().patches().weight_OIPP().device());
        int count = Math.min(lanes.count(), text.batch());
        texts = count == 1 ? List.of(text)
                : IntStream.range(0, count)
                        .mapToObj(i -> text.rows(IntStream.range(begin(text, i, count), begin(text, i + 1, count)).toArray()))
                        .toList();
    }

    private static int begin(TextState text, int lane, int count) { return lane * text.batch() / count; }

    @Override
    public Tensor predict(Tensor noisy, Tensor timesteps_B) { return predict(noisy, timesteps_B, texts); }

    /// As [#predict(Tensor, Tensor)], with image positions that begin at 0.
    Tensor predictFromZero(Tensor noisy, Tensor timesteps_B) {
        return predict(noisy, timesteps_B, texts.stream().map(text -> text.withImageStarts(new int[text.batch()])).toList());
    }

    private Tensor predict(Tensor noisy, Tensor timesteps_B, List<TextState> parts) {
        if (parts.size() == 1) {
            return model.image(noisy, timesteps_B, parts.getFirst(), pooled_BX);
        }
        var all = Tensor.zeros(noisy.dtype(), noisy.device(), noisy.shape());
        int from = 0;
        var bodies = new ArrayList<Supplier<Integer>>();
        for (var text : parts) {
            int first = from;
            bodies.add(() -> {
                var pooled = pooled_BX == null ? null : pooled_BX.narrow(0, first, text.batch());
                var some = model.image(noisy.narrow(0, first, text.batch()), timesteps_B.narrow(0, first, text.batch()), text, pooled);
                all.narrow(0, first, text.batch()).copyInPlace(some);
                return text.batch();
            });
            from += text.batch();
        }
        lanes.run(bodies);
        return all;
    }

    @Override
    public void close() { lanes.close(); }
}
