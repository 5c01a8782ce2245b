/// Method handles on libtorch's C ABI, and calls made of them. Handles are raw addresses here; who owns them is decided above.
@NullMarked
package dev.fusedit.torch.internal.abi;

import org.jspecify.annotations.NullMarked;
