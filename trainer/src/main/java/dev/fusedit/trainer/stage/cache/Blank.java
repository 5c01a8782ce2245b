package dev.fusedit.trainer.stage.cache;

import dev.fusedit.torch.DType;
import dev.fusedit.trainer.data.image.ImageSize;
import dev.fusedit.trainer.data.stored.StoredImage;
import dev.fusedit.trainer.data.stored.StoredImages;
import dev.fusedit.trainer.data.stored.StoredRow;
import dev.fusedit.trainer.data.stored.StoredTexts;
import java.util.Optional;

/// Rows of zeros, as large as those of a cache: for times of data that is not at hand.
final class Blank {
    private Blank() {}

    private static StoredRow zeros(long... shape) {
        return new StoredRow(DType.F32, shape, new byte[Math.toIntExact(StoredRow.bytes(DType.F32, shape))]);
    }

    record Images(Optional<WantedImages.RowShape> latents, Optional<WantedImages.RowShape> features, boolean pixels)
            implements StoredImages {
        @Override
        public boolean arePixelsWanted() { return pixels; }

        @Override
        public StoredImage of(int index, ImageSize size, boolean mirrored) {
            return new StoredImage(latents.map(shape -> zeros(shape.of(size))).orElse(null),
                    features.map(shape -> zeros(shape.of(size))).orElse(null));
        }
    }

    record Texts(long planes, long heads, long width) implements StoredTexts {
        static Texts of(WantedTexts like) { return new Texts(like.planes(), like.heads(), like.width()); }

        @Override
        public Optional<StoredRow> states(int[] ids) { return Optional.of(zeros(planes, heads, ids.length, width)); }
    }
}
