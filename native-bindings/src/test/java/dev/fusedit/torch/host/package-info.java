@NullMarked
package dev.fusedit.torch.host;

import org.jspecify.annotations.NullMarked;
