/// What a run shows of itself: images, plots, metrics, the console. Nothing here needs a font or a screen.
@NullMarked
package dev.fusedit.trainer.log;

import org.jspecify.annotations.NullMarked;
