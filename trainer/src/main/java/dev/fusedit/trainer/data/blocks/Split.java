package dev.fusedit.trainer.data.blocks;

/// What a sample is for. Captions of one split never occur in another: `Captions` says how they are kept apart.
public enum Split {
    /// Images and captions to learn from.
    TRAIN(1),
    /// New captions of pairs that training shows.
    SEEN(2),
    /// Captions that name a held-out pair.
    HELDOUT(3),
    /// Captions in words that only the text corpus explains.
    PARAPHRASE(4),
    /// The captions inside the text corpus; it has no images.
    TEXT(5);

    private final long purpose;

    Split(long purpose) { this.purpose = purpose; }

    /// Of the dice.
    long purpose() { return purpose; }
}
