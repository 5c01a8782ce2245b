/// Text to token ids and back.
@NullMarked
package dev.fusedit.fusion.text;

import org.jspecify.annotations.NullMarked;
