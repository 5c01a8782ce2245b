package dev.fusedit.trainer.data.source;

import com.google.common.base.CaseFormat;

/// Why a sample cannot be trained on. A sample has one cause: the first of these that fits.
public enum Cause {
    /// A tar file that ends early or is no tar file: from there on nothing of it is read.
    BROKEN_SHARD,
    /// Does not decode whole, is empty, is no image, or is too large to decode.
    BROKEN_IMAGE,
    /// No text is there under any of the names that are read.
    MISSING_CAPTION,
    /// Nothing but blanks.
    EMPTY_CAPTION,
    /// Not UTF-8, or a row that cannot be read.
    BAD_TEXT;

    /// `broken-image`, as reports and `data-errors.jsonl` have it.
    public String word() { return CaseFormat.UPPER_UNDERSCORE.to(CaseFormat.LOWER_HYPHEN, name()); }
}
