@NullMarked
package dev.fusedit.torch.internal.load;

import org.jspecify.annotations.NullMarked;
