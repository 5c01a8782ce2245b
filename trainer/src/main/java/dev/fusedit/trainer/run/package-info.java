/// A training run from its start to its score: its folder, signals, logs, checkpoints and resuming.
@NullMarked
package dev.fusedit.trainer.run;

import org.jspecify.annotations.NullMarked;
