@NullMarked
package dev.fusedit.torch.cuda;

import org.jspecify.annotations.NullMarked;
