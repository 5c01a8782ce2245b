/// Captioned images that a person has: folders, tar and Parquet files, looked through once, then read by index. An [ImageSource] finds samples and
/// hands out their bytes and texts; [SourceScan] says which of them can be trained on and why the others cannot.
@NullMarked
package dev.fusedit.trainer.data.source;

import org.jspecify.annotations.NullMarked;
