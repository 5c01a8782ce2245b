package dev.fusedit.trainer.data;

import dev.fusedit.trainer.data.image.ImageSize;
import dev.fusedit.trainer.data.stored.StoredBatch;
import java.util.List;

/// What one training step reads, as bytes and arrays: all of it, or a slice.
///
/// @param images empty where nothing is computed of them, or (B, height, width, 3) bytes
/// @param size of each of them
/// @param captions of the images; "" where the caption was dropped
/// @param captionTokens ids of the captions
/// @param instruction how many ids all captions begin with: those of an instruction
/// @param sentenceTokens ids of sentences for the language loss, independent of the images
/// @param keys which samples these are, for messages
/// @param stored what need not be computed of images and captions
/// @param slice of the step's batch that this is
/// @param allImages of the step's batch
/// @param carried of the images and what is stored of them
public record Batch(byte[] images, ImageSize size, List<String> captions, int[][] captionTokens, int instruction, int[][] sentenceTokens,
        List<Long> keys, StoredBatch stored, BatchSlice slice, int allImages, int allSentences, Carried carried) {
    /// A whole one, of which all is computed.
    public Batch(byte[] images, ImageSize size, List<String> captions, int[][] captionTokens, int instruction, int[][] sentenceTokens,
            List<Long> keys) {
        this(images, size, captions, captionTokens, instruction, sentenceTokens, keys, StoredBatch.NONE, BatchSlice.WHOLE, captions.size(),
                sentenceTokens.length, Carried.NOTHING);
    }

    /// The same with what was carried of it.
    Batch with(Carried other) {
        return new Batch(images, size, captions, captionTokens, instruction, sentenceTokens, keys, stored, slice, allImages, allSentences,
                other);
    }
}
