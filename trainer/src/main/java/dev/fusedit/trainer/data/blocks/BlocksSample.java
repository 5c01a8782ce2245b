package dev.fusedit.trainer.data.blocks;

/// A captioned image.
///
/// @param rgb side · side · 3 bytes, rows from the top, in a row from the left, red green blue
public record BlocksSample(byte[] rgb, Caption caption, Scene scene) {}
