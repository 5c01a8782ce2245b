@NullMarked
package dev.fusedit.trainer.step;

import org.jspecify.annotations.NullMarked;
