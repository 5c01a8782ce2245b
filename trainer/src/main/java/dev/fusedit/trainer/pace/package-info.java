/// How long a run takes: measured before its first step, and told while it goes on.
@NullMarked
package dev.fusedit.trainer.pace;

import org.jspecify.annotations.NullMarked;
