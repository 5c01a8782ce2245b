/// What a model is worth: scores on Blocks, losses on samples that are never trained on, and the report of both.
@NullMarked
package dev.fusedit.trainer.eval;

import org.jspecify.annotations.NullMarked;
