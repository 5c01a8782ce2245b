/// The Bytedeco presets' native libraries as files: where they are unpacked to, and in which order they load.
@NullMarked
package dev.fusedit.torch.presets;

import org.jspecify.annotations.NullMarked;
