/// Whether an image shows what its caption says: finds objects by colour and shape from the pixels alone. With the drawing it shares
/// the palette and the claims' types, and no code. `docs/blocks.md` has every formula and threshold.
@NullMarked
package dev.fusedit.trainer.eval.blocks;

import org.jspecify.annotations.NullMarked;
