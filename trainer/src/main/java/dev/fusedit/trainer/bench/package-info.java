/// How fast the models are at fixed work, and what of the machine that is.
@NullMarked
package dev.fusedit.trainer.bench;

import org.jspecify.annotations.NullMarked;
