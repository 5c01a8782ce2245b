package dev.fusedit.trainer.data.stored;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.Iterables;
import dev.fusedit.torch.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/// What is stored of a batch's images and captions: arrays, which become tensors on the thread that runs torch.
///
/// @param latents of the images, as [StoredImage#latents]; null if they are to be computed
/// @param features likewise
/// @param texts of the captions, as [StoredTexts#states]; none if they are to be computed
public record StoredBatch(@Nullable Joined latents, @Nullable Joined features, List<StoredRow> texts) {
    public static final StoredBatch NONE = new StoredBatch(null, null, List.of());

    /// Rows of one shape, one after the other.
    ///
    /// @param shape of each
    public record Joined(long[] shape, float[] numbers) {
        static Joined of(List<StoredRow> rows) {
            int each = (int) Arrays.stream(rows.getFirst().shape()).reduce(1, Math::multiplyExact);
            var numbers = new float[Math.multiplyExact(each, rows.size())];
            for (int i = 0; i < rows.size(); i++) rows.get(i).read(numbers, i * each);
            return new Joined(rows.getFirst().shape(), numbers);
        }

        /// (end − first, …), f32
        public Tensor rows(int first, int end) {
            int each = (int) Arrays.stream(shape).reduce(1, Math::multiplyExact);
            return Tensor.of(Arrays.copyOfRange(numbers, first * each, end * each),
                    LongStream.concat(LongStream.of(end - first), Arrays.stream(shape)).toArray());
        }
    }

    /// @param texts of all captions, or none
    public static StoredBatch of(List<StoredImage> images, List<StoredRow> texts) {
        return new StoredBatch(joined(images, StoredImage::latents), joined(images, StoredImage::features), ImmutableList.copyOf(texts));
    }

    private static @Nullable Joined joined(List<StoredImage> images, Function<StoredImage, @Nullable StoredRow> part) {
        var rows = ImmutableList.copyOf(Iterables.filter(images.stream().map(part).toList(), row -> row != null));
        return rows.isEmpty() ? null : Joined.of(rows);
    }
}
