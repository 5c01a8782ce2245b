/// One training step, from a batch to changed weights: that of runs, of a teacher and of `bench`.
@NullMarked
package dev.fusedit.trainer.step;

import org.jspecify.annotations.NullMarked;
