/// From a file's bytes to the image that a model sees. Bytes and arrays only, no tensors.
///
/// [ImageDecoding] says by which rules: `REFERENCE`, those of the Python libraries that published data sets were prepared with, or
/// `STRICT`, those of a person who looks at the image. Each format is an [ImageFile], which reads its header and checks that the file is
/// whole; pixels are decoded by the JDK's readers, TwelveMonkeys' for WebP, and [GifLzw].
@NullMarked
package dev.fusedit.trainer.data.image;

import org.jspecify.annotations.NullMarked;
