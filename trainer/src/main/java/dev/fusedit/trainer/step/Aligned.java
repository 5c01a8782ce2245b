package dev.fusedit.trainer.step;

import com.google.common.collect.ImmutableList;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.Tensors;
import dev.fusedit.trainer.align.CleanImages;
import dev.fusedit.trainer.align.ContrastiveLoss.Embedded;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// What alignment wants of a part of a batch.
///
/// @param layers of the image side whose outputs are read
/// @param images without noise, for a teacher; null if none looks
/// @param textMasked rows that do not see their own text; null for none
/// @param all parts of the batch in the common space, where parts are compared with each other; else empty
/// @param index of this part among them
public record Aligned(Set<Integer> layers, @Nullable CleanImages images, boolean @Nullable [] textMasked, List<Embedded> all, int index)
        implements Tensors {
    static final Aligned NOTHING = new Aligned(Set.of(), null, null, List.of(), 0);

    public Aligned {
        all = ImmutableList.copyOf(all);
    }

    @Override
    public Stream<Tensor> tensors() { return Stream.concat(Stream.ofNullable(images), all.stream()).flatMap(Tensors::tensors); }

    Aligned among(List<Embedded> parts) { return new Aligned(layers, images, textMasked, parts, index); }

    /// All parts, this one with its graph.
    List<Embedded> with(Embedded own) {
        var parts = new ArrayList<>(all);
        parts.set(index, own);
        return parts;
    }
}
