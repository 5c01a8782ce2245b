/// Images to latents and back.
///
/// Letters at the end of a tensor's name: B batch, C channels, H height, W width. In the usual models latents have an
/// eighth of the image's sides.
@NullMarked
package dev.fusedit.fusion.vae;

import org.jspecify.annotations.NullMarked;
