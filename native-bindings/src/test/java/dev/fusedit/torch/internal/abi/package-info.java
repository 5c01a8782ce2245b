@NullMarked
package dev.fusedit.torch.internal.abi;

import org.jspecify.annotations.NullMarked;
