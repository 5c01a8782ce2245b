/// What frozen models make of images and captions, kept in files: rows by keys, written once, read by any thread.
@NullMarked
package dev.fusedit.trainer.data.stored;

import org.jspecify.annotations.NullMarked;
