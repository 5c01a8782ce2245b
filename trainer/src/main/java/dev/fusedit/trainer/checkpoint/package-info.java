/// Directories of files that survive a kill at any moment, and the folder of a run. No tensors here: what is saved comes as
/// named sources of bytes.
@NullMarked
package dev.fusedit.trainer.checkpoint;

import org.jspecify.annotations.NullMarked;
