/// Diffusion transformers, and their fusion with a language model. Dimension letters as in [dev.fusedit.nn].
@NullMarked
package dev.fusedit.fusion.dit;

import org.jspecify.annotations.NullMarked;
