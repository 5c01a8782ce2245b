package dev.fusedit.fusion.pipeline;

import dev.fusedit.fusion.dit.ImageModel;
import dev.fusedit.fusion.dit.TextState;
import dev.fusedit.fusion.flow.VelocityModel;
import dev.fusedit.torch.Lanes;
import dev.fusedit.torch.Tensor;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// A model with its text, for sampling: the text once, and each step's batch in lanes.
public final class TextBound implements VelocityModel, AutoCloseable {
    private final ImageModel model;
    private final List<Part> parts;
    private final @Nullable Tensor pooled_BX;
    private final Lanes lanes;

    private record Part(Lanes.Rows rows, TextState text) {
        Part fromZero() { return new Part(rows, text.withImageStarts(new int[rows.count()])); }
    }

    /// @param text of all rows; stays the caller's. What is made of it here belongs to the innermost scope
    /// @param pooled_BX null for models that take no pooled text
    public TextBound(ImageModel model, TextState text, @Nullable Tensor pooled_BX) {
        this.model = model;
        this.pooled_BX = pooled_BX;
        lanes = Lanes.usual(model.dit().patches().weight_OIPP().device());
        var cut = lanes.cut(text.batch());
        parts = cut.stream().map(rows -> new Part(rows, cut.size() == 1 ? text : text.rows(rows.indices()))).toList();
    }

    @Override
    public Tensor predict(Tensor noisy, Tensor timesteps_B) { return predict(noisy, timesteps_B, parts); }

    /// As [#predict(Tensor, Tensor)], with image positions that begin at 0.
    Tensor predictFromZero(Tensor noisy, Tensor timesteps_B) {
        return predict(noisy, timesteps_B, parts.stream().map(Part::fromZero).toList());
    }

    private Tensor predict(Tensor noisy, Tensor timesteps_B, List<Part> all) {
        if (all.size() == 1) {
            return model.image(noisy, timesteps_B, all.getFirst().text(), pooled_BX);
        }
        var whole = Tensor.zeros(noisy.dtype(), noisy.device(), noisy.shape());
        lanes.run(all.stream().<Supplier<Integer>>map(part -> () -> {
            int first = part.rows().first(), count = part.rows().count();
            var pooled = pooled_BX == null ? null : pooled_BX.narrow(0, first, count);
            var some = model.image(noisy.narrow(0, first, count), timesteps_B.narrow(0, first, count), part.text(), pooled);
            whole.narrow(0, first, count).copyInPlace(some);
            return count;
        }).toList());
        return whole;
    }

    @Override
    public void close() { lanes.close(); }
}
