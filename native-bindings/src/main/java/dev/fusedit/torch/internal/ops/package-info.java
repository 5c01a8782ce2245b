/// The operators that tensors use, by schema name.
@NullMarked
package dev.fusedit.torch.internal.ops;

import org.jspecify.annotations.NullMarked;
