package dev.fusedit.trainer.data.source;

import dev.fusedit.trainer.data.image.ImageSize;
import dev.fusedit.trainer.data.image.PerceptualHash;

/// What a look at a good sample tells.
///
/// @param width of the image as it is decoded, in pixels
/// @param caption the one that the first epoch's first sample would have
/// @param look by which near duplicates are found
public record SampleFacts(int index, int width, int height, String caption, PerceptualHash look) {
    public ImageSize size() { return new ImageSize(width, height); }
}
