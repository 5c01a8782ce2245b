/// Numbers that sum up how good images are. All in double precision.
@NullMarked
package dev.fusedit.trainer.eval.metrics;

import org.jspecify.annotations.NullMarked;
