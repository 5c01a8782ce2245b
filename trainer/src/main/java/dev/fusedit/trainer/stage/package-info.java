/// The training loop: stages, one after the other, on one thread.
@NullMarked
package dev.fusedit.trainer.stage;

import org.jspecify.annotations.NullMarked;
