/// Suites: what images are asked for, and what is made of them.
@NullMarked
package dev.fusedit.trainer.eval.suite;

import org.jspecify.annotations.NullMarked;
