package dev.fusedit.fusion.dit;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.fusion.config.Bound;

/// How image tokens know their place (paper, section 4.2).
public sealed interface ImagePositions {
    /// Sine/cosine vectors added once; the crop in the middle of a square table.
    ///
    /// @param tableSide side of the table in patches
    /// @param sampleSize the latent side whose patches the positions are scaled to
    record Absolute(int tableSide, int sampleSize) implements ImagePositions {
        public Absolute {
            checkArgument(tableSide > 0 && sampleSize > 0, "pos_embed_max_size and sample_size must be positive, got %s and %s", tableSide,
                    sampleSize);
            Bound.TABLE.check("pos_embed_max_size", tableSide);
            Bound.SIDE.check("sample_size", sampleSize);
        }
    }

    /// Rotary, patches counted row by row.
    record Rope1d() implements ImagePositions {}

    /// Rotary, half of a head's width for the row and half for the column; text keeps the ordinary one.
    record Rope2d() implements ImagePositions {}

    /// Rotary, rows and columns take the frequencies in turns of quarters: rows the higher ones.
    record MRope() implements ImagePositions {}

    default boolean isRotary() {
        return switch (this) {
            case Absolute _ -> false;
            case Rope1d() -> true;
            case Rope2d() -> true;
            case MRope() -> true;
        };
    }
}
