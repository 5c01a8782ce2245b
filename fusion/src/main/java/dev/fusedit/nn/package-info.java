/// What is learned, and the few layers that the models share.
///
/// Letters at the end of a tensor's name are its dimensions: B batch, T text tokens, N image tokens, L = T + N, H heads,
/// K key/value heads, D head width, C width of the diffusion transformer or channels, M width of the language model, O out, I in,
/// S side of a kernel, V vocabulary.
@NullMarked
package dev.fusedit.nn;

import org.jspecify.annotations.NullMarked;
