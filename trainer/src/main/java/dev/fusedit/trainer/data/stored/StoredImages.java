package dev.fusedit.trainer.data.stored;

import dev.fusedit.trainer.data.image.ImageSize;

/// What is stored of a source's images. Any thread may ask.
public interface StoredImages {
    /// Nothing: all is computed of the images.
    StoredImages NONE = new StoredImages() {};

    /// Whether the images themselves are wanted, for something that is not stored.
    default boolean arePixelsWanted() { return true; }

    /// @param index of the sample
    /// @param mirrored left to right
    /// @throws dev.fusedit.torch.UserError if it cannot be read
    default StoredImage of(int index, ImageSize size, boolean mirrored) { return StoredImage.NONE; }
}
