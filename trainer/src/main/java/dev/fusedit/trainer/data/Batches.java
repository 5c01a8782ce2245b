package dev.fusedit.trainer.data;

/// What a run trains on: a batch is a function of the step alone, so it does not matter who makes it, when, or what was made before. Any
/// number of threads may make batches at once.
public sealed interface Batches extends AutoCloseable permits BlocksBatches, SourceBatches, BlankBatches {
    /// The batch of a stage's step, counted from 0.
    Batch of(long step, Wanted wanted);

    /// So many images and sentences that no batch holds.
    ValidationSamples validation(long validationSeed, int count);

    /// Closes the files that it reads.
    @Override
    default void close() {}

    /// What a stage wants of each of its steps.
    ///
    /// @param firstImage position of the stage's first image
    /// @param images in a batch; 0 for none
    /// @param side of the images in pixels
    /// @param firstSentence index of the stage's first sentence
    /// @param sentences in a batch; 0 for none
    /// @param dropout share of captions that are left out
    record Wanted(long firstImage, int images, int side, long firstSentence, int sentences, double dropout) {}
}
