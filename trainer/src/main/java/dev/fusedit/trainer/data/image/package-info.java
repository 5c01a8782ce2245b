/// From a file's bytes to the square image that a model sees, by the rules of the Python libraries that published data sets were
/// prepared with. Bytes and arrays only, no tensors.
@NullMarked
package dev.fusedit.trainer.data.image;

import org.jspecify.annotations.NullMarked;
