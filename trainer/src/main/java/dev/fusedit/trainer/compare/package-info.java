/// Runs side by side: what differs between them, what they took, and what came of it.
@NullMarked
package dev.fusedit.trainer.compare;

import org.jspecify.annotations.NullMarked;
