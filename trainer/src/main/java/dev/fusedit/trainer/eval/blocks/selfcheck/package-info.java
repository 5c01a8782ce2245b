/// Tries the checker on images whose captions are known to be true, false by one change, or no captions of anything.
@NullMarked
package dev.fusedit.trainer.eval.blocks.selfcheck;

import org.jspecify.annotations.NullMarked;
