package dev.fusedit.trainer.data;

import java.util.List;

/// What one training step reads, as bytes and arrays.
///
/// @param pictures empty, or (B, side, side, 3) bytes
/// @param captions of the pictures; "" where the caption was dropped
/// @param captionTokens ids of the captions
/// @param instruction how many ids all captions begin with: those of an instruction
/// @param sentenceTokens ids of sentences for the language loss, independent of the pictures
/// @param keys which samples these are, for messages
public record Batch(byte[] pictures, List<String> captions, int[][] captionTokens, int instruction, int[][] sentenceTokens,
        List<Long> keys) {}
