package dev.fusedit.fusion.dit;

/// A batch of images and their texts, for counting what they take.
///
/// @param images B
/// @param tokens of an image, N
/// @param text tokens of a text, T
public record ImageShape(long images, long tokens, long text) {}
