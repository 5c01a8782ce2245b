@NullMarked
package dev.fusedit.torch.javacpp;

import org.jspecify.annotations.NullMarked;
