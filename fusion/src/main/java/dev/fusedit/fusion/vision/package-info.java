/// Encoders of images and of their captions, for modulation, alignment and evaluation.
///
/// Letters at the end of a tensor's name: B batch, T text tokens, N places of an image, H heads, D head width, C width.
@NullMarked
package dev.fusedit.fusion.vision;

import org.jspecify.annotations.NullMarked;
