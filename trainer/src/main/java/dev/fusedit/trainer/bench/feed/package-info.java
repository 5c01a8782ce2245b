/// How fast a recipe's data comes: files read, decoded, cropped, made into batches as training gets them, and nothing trained.
@NullMarked
package dev.fusedit.trainer.bench.feed;

import org.jspecify.annotations.NullMarked;
