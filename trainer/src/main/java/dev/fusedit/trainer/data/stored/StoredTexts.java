package dev.fusedit.trainer.data.stored;

import java.util.Optional;

/// What is stored of captions. Any thread may ask.
public interface StoredTexts {
    /// Nothing: all is computed of the captions.
    StoredTexts NONE = new StoredTexts() {};

    /// Token ids, as far as they are there.
    default Optional<int[]> ids(String caption) { return Optional.empty(); }

    /// What a frozen language model makes of a text for the image side, (planes, K, T, W); empty if that is to be computed.
    ///
    /// @throws dev.fusedit.torch.UserError if it cannot be read
    default Optional<StoredRow> states(int[] ids) { return Optional.empty(); }
}
