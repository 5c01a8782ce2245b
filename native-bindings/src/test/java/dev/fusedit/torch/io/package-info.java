@NullMarked
package dev.fusedit.torch.io;

import org.jspecify.annotations.NullMarked;
