/// The stages of a run: where each lies in it, its loop of steps, the tensors they change, and what a checkpoint keeps of them.
@NullMarked
package dev.fusedit.trainer.stage;

import org.jspecify.annotations.NullMarked;
