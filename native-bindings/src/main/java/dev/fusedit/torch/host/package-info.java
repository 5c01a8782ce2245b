/// What this machine is, and what of it this process may use.
@NullMarked
package dev.fusedit.torch.host;

import org.jspecify.annotations.NullMarked;
