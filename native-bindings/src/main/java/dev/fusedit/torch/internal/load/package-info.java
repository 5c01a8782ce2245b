/// Finds libtorch and opens it, once a process.
@NullMarked
package dev.fusedit.torch.internal.load;

import org.jspecify.annotations.NullMarked;
