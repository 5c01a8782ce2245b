/// JMH classes.
@NullMarked
package dev.fusedit.benchmarks;

import org.jspecify.annotations.NullMarked;
