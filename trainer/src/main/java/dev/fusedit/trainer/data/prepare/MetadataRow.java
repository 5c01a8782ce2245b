package dev.fusedit.trainer.data.prepare;

import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A row of a set's metadata.
///
/// @param number among those of all files
/// @param url empty if it has none
/// @param place of the image in an archive; empty for one on the web
/// @param caption empty if it has none
/// @param phash of the image as it was; empty if it is not known, or is none
/// @param extras the other columns, as they are handed on: numbers, truth values, texts, null
/// @param cause for which it is left out by its metadata; empty if it is not
record MetadataRow(long number, String url, Optional<OpenArchives.Place> place, String caption, Optional<Long> phash,
        Map<String, @Nullable Object> extras, Optional<String> cause) {}
