/// Blocks: captioned images of coloured shapes, drawn on the fly. Everything here is a pure function of (seed, index), so a resumed
/// run sees what an uninterrupted one would have seen. `docs/blocks.md` states it all in words and formulas.
@NullMarked
package dev.fusedit.trainer.data.blocks;

import org.jspecify.annotations.NullMarked;
