/// GenEval's prompts, detections, and rules.
@NullMarked
package dev.fusedit.trainer.eval.geneval;

import org.jspecify.annotations.NullMarked;
