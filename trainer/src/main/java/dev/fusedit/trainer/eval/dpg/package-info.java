/// DPG-Bench's prompts, questions and answers, as its own files have them.
@NullMarked
package dev.fusedit.trainer.eval.dpg;

import org.jspecify.annotations.NullMarked;
