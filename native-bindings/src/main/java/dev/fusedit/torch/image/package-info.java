/// Images as bytes: what of decoding and resizing is native, or is worth vectors. No tensors.
@NullMarked
package dev.fusedit.torch.image;

import org.jspecify.annotations.NullMarked;
