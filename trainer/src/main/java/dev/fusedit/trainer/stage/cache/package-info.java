/// What of a recipe's frozen models is computed once and kept: what that is, how it is made, and how training finds it.
@NullMarked
package dev.fusedit.trainer.stage.cache;

import org.jspecify.annotations.NullMarked;
