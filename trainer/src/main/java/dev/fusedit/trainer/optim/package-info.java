/// What changes weights: optimizers, averages, learning rates.
@NullMarked
package dev.fusedit.trainer.optim;

import org.jspecify.annotations.NullMarked;
