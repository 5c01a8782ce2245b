/// Images from a trained model: prompts to samples, previews and grids.
@NullMarked
package dev.fusedit.trainer.sampling;

import org.jspecify.annotations.NullMarked;
