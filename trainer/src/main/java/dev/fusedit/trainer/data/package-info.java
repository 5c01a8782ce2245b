/// From an index to a batch.
@NullMarked
package dev.fusedit.trainer.data;

import org.jspecify.annotations.NullMarked;
