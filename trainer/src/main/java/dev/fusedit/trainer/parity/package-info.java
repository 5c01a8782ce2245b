/// Golden numbers of what lies above the models: schedules, metrics, images.
@NullMarked
package dev.fusedit.trainer.parity;

import org.jspecify.annotations.NullMarked;
