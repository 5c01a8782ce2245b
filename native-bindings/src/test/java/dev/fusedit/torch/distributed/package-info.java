@NullMarked
package dev.fusedit.torch.distributed;

import org.jspecify.annotations.NullMarked;
