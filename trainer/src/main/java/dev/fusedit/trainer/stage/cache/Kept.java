package dev.fusedit.trainer.stage.cache;

import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.data.SourceBatches;
import dev.fusedit.trainer.data.TextIds;
import dev.fusedit.trainer.data.image.ImageSize;
import dev.fusedit.trainer.data.stored.EntryKey;
import dev.fusedit.trainer.data.stored.RowStore;
import dev.fusedit.trainer.data.stored.StoredImage;
import dev.fusedit.trainer.data.stored.StoredImages;
import dev.fusedit.trainer.data.stored.StoredRow;
import dev.fusedit.trainer.data.stored.StoredTexts;
import java.util.Optional;

/// Rows that training finds in a cache. Any thread may read.
final class Kept {
    private Kept() {}

    private static StoredRow read(RowStore store, EntryKey key, String what) {
        if (!store.has(key)) throw new UserError("%s has no row for %s: give 'fusedit data cache' again".formatted(store.folder(), what));
        return store.read(key);
    }

    /// @param source whose images these are, with their hashes
    /// @param pixels whether something is computed of images all the same
    record Images(RecipeRows.Hashed source, Optional<RowStore> latents, Optional<RowStore> features, boolean pixels)
            implements StoredImages {
        @Override
        public boolean arePixelsWanted() { return pixels; }

        @Override
        public StoredImage of(int index, ImageSize size, boolean mirrored) {
            if (latents.isEmpty() && features.isEmpty()) return StoredImage.NONE;
            var batches = source.batches();
            var key = batches.transform().key(source.hashes().get(index), size, mirrored);
            var name = batches.split().source().key(index);
            return new StoredImage(latents.map(store -> read(store, key, name)).orElse(null),
                    features.map(store -> read(store, key, name)).orElse(null));
        }

        SourceBatches over(TextIds texts) { return source.batches().with(this, texts); }
    }

    /// Ids that are not there are made anew; what a language model makes of them must be there.
    record Texts(Optional<RowStore> tokens, Optional<RowStore> text) implements StoredTexts {
        @Override
        public Optional<int[]> ids(String caption) {
            var key = WantedTokens.key(caption);
            return tokens.filter(store -> store.has(key)).map(store -> store.read(key).ids());
        }

        @Override
        public Optional<StoredRow> states(int[] ids) {
            return text.map(store -> read(store, EntryKey.of(ids), "a caption of %d tokens".formatted(ids.length)));
        }
    }
}
