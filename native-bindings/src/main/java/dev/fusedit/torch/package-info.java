/// Tensors of libtorch, owned by scopes.
@NullMarked
package dev.fusedit.torch;

import org.jspecify.annotations.NullMarked;
