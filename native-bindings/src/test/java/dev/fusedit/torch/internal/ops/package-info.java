@NullMarked
package dev.fusedit.torch.internal.ops;

import org.jspecify.annotations.NullMarked;
