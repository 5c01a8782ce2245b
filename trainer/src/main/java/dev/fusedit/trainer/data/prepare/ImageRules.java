package dev.fusedit.trainer.data.prepare;

import dev.fusedit.torch.UserError;

/// What becomes of fetched images.
///
/// @param size of the short side at most, in pixels; smaller images stay as large as they are, and so do all with 0
/// @param quality of the JPEGs, 1 to 100
/// @param mostPixels of an image that is decoded
/// @param phashBits by which an image's perceptual hash may differ from the metadata's, or a block list's; 64 lets all through
public record ImageRules(int size, int quality, long mostPixels, int phashBits) {
    public ImageRules {
        if (size < 0 || size > 1 << 16) throw new UserError("images have a short side of up to 65536 pixels (0: as it is), not " + size);
        if (quality < 1 || quality > 100) throw new UserError("a JPEG's quality is 1 to 100, not " + quality);
        if (mostPixels < 1) throw new UserError("images have pixels: at least 1 must be allowed");
        if (phashBits < 0 || phashBits > 64)
            throw new UserError("perceptual hashes have 64 bits, of which 0 to 64 may differ, not " + phashBits);
    }
}
