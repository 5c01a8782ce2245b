/// Flow matching: how noise is mixed in, what is learned, and how images are sampled from noise.
@NullMarked
package dev.fusedit.fusion.flow;

import org.jspecify.annotations.NullMarked;
