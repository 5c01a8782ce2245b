/// From images to vectors, by encoders that a person gives.
@NullMarked
package dev.fusedit.trainer.eval.features;

import org.jspecify.annotations.NullMarked;
