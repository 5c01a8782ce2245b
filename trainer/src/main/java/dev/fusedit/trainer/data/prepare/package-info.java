/// Training sets that are published as metadata with URLs: filtered, fetched, and written as WebDataset shards in img2dataset's layout.
///
/// A [PublishedSet] describes one such set. Rows are numbered over all its files in the order of their names; shard k has the rows from
/// k · R on, R of them, whatever becomes of each: a pure function of the metadata, so that any number of processes, killed and started again,
/// make the same shards. [Preparation] is the whole way; [ShardJob] that of one shard; [RowJob] that of one row.
@NullMarked
package dev.fusedit.trainer.data.prepare;

import org.jspecify.annotations.NullMarked;
