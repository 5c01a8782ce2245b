package dev.fusedit.trainer.stage.cache;

import com.google.common.collect.ImmutableList;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.data.SourceBatches;
import dev.fusedit.trainer.data.image.ImageSize;
import dev.fusedit.trainer.data.source.BadSample;
import dev.fusedit.trainer.data.source.SizeBuckets;
import dev.fusedit.trainer.data.source.SourceScan;
import dev.fusedit.trainer.data.stored.EntryKey;
import java.util.HashSet;
import java.util.List;

/// Every image of a recipe's sources as some stage shows it: at which size, mirrored or not. Images of the same bytes are one.
final class ShownImages {
    private ShownImages() {}

    /// @param key of the file's bytes and all that becomes of them
    record Shown(EntryKey key, SourceBatches source, int index, ImageSize size, boolean mirrored) {
        /// height × width × 3 bytes
        ///
        /// @throws UserError if it cannot be read any more
        byte[] rgb() {
            var images = source.split().source();
            try {
                var decoded = SourceScan.decoded(images, index, source.transform().decoding());
                return source.transform().shown(decoded, size, mirrored).rgb();
            } catch (BadSample e) {
                throw new UserError("%s: %s cannot be read any more: %s. Give the command again: it is left out then".formatted(
                        images.place(), images.key(index), e.getMessage()), e);
            }
        }
    }

    /// Of each choice of sizes an image is shown at one.
    static ImmutableList<Shown> of(List<RecipeRows.Hashed> sources) {
        var shown = ImmutableList.<Shown>builder();
        var seen = new HashSet<EntryKey>();
        for (var hashed : sources) {
            var source = hashed.batches();
            for (var facts : source.split().trained()) {
                for (var choice : hashed.choices()) {
                    var size = SizeBuckets.nearest(facts.size(), choice);
                    for (boolean mirrored : source.transform().mirrorings()) {
                        var key = source.transform().key(hashed.hashes().get(facts.index()), size, mirrored);
                        if (seen.add(key)) shown.add(new Shown(key, source, facts.index(), size, mirrored));
                    }
                }
            }
        }
        return shown.build();
    }
}
