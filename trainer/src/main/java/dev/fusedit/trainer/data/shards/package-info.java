/// Where tar files of samples come from: local files, plain or packed, the web, and commands. [dev.fusedit.trainer.data.shards.ShardStore]
/// makes a plain local file of each, in a bounded cache on the disk that processes share; nothing here knows what a sample is.
@NullMarked
package dev.fusedit.trainer.data.shards;

import org.jspecify.annotations.NullMarked;
