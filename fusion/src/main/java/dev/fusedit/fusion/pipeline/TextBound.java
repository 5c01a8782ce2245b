package dev.fusedit.fusion.pipeline;

import dev.fusedit.fusion.dit.ImageModel;
import dev.fusedit.fusion.dit.TextKvCache;
import dev.fusedit.fusion.flow.VelocityModel;
import dev.fusedit.torch.Lanes;
import dev.fusedit.torch.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// A model with its text, for sampling: the text once, and each step's batch in lanes.
///
/// Notable: each lane's text is as wide as its own longest. Where the rows are the two branches of guidance, first those without the
/// prompts, a lane is a branch: the empty text is not padded to the prompts' length, and prompts that are equally long need no mask. In one
/// lane the branches stay one batch, padded to the longer: what two calls save in attention they lose in smaller products, on one thread of
/// a CPU too.
public final class TextBound implements VelocityModel, AutoCloseable {
    private final ImageModel model;
    private final List<Part> parts;
    private final @Nullable Tensor pooled_BX;
    private final Lanes lanes;

    private record Part(Lanes.Rows rows, TextKvCache text) {
        Part fromZero() { return new Part(rows, text.withImageStarts(new int[rows.count()])); }
    }

    /// An image a text.
    ///
    /// @param text stays the caller's. What is made of it here belongs to the innermost scope
    /// @param pooled_BX null for models that take no pooled text
    /// @param lanes are closed with this
    public TextBound(ImageModel model, TextKvCache text, @Nullable Tensor pooled_BX, Lanes lanes) {
        this(model, text, IntStream.range(0, text.batch()).toArray(), pooled_BX, lanes);
    }

    /// @param rows the text of each image
    /// @param pooled_BX of each image
    /// @param tokens of an image
    public TextBound(ImageModel model, TextKvCache texts, int[] rows, @Nullable Tensor pooled_BX, int tokens) {
        this(model, texts, rows, pooled_BX, Lanes.of(Lanes.fitting(model.dit().patches().weight_OIPP().device(), rows.length, tokens)));
    }

    /// @param lanes are closed with this
    TextBound(ImageModel model, TextKvCache texts, int[] rows, @Nullable Tensor pooled_BX, Lanes lanes) {
        this.model = model;
        this.pooled_BX = pooled_BX;
        this.lanes = lanes;
        parts = lanes.cut(rows.length).stream()
                .map(part -> new Part(part, part(texts, Arrays.copyOfRange(rows, part.first(), part.first() + part.count())))).toList();
    }

    /// Padded to the longest text that is in it, and no text twice where all images have the same.
    private static TextKvCache part(TextKvCache texts, int[] rows) {
        return Arrays.stream(rows).allMatch(row -> row == rows[0]) ? texts.rows(rows[0]).trimmed().repeated(rows.length)
                : texts.rows(rows).trimmed();
    }

    /// Parts that a step's batch falls into, side by side.
    public int lanes() { return parts.size(); }

    /// Columns of text that the images read, padding included, and counted for each image.
    int columns() { return parts.stream().mapToInt(part -> part.text().batch() * part.text().prompt().tokens()).sum(); }

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
