/// A training step, from a batch to its losses and their gradients.
@NullMarked
package dev.fusedit.trainer.step;

import org.jspecify.annotations.NullMarked;
