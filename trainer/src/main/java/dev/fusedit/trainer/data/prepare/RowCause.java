package dev.fusedit.trainer.data.prepare;

import com.google.common.base.CaseFormat;
import dev.fusedit.trainer.data.fetch.FetchCause;

/// Why a row gave no sample, beside [FetchCause].
enum RowCause {
    /// The row has no URL.
    NO_URL,
    /// The row has no text.
    NO_CAPTION,
    /// Smaller than asked for, by the metadata or, where that says otherwise, itself.
    SIZE,
    /// Longer for its width than asked for, or wider.
    ASPECT,
    TEXT_LENGTH, WORDS, WATERMARK, CLIP_SIMILARITY, NSFW, AESTHETIC,
    /// Its perceptual hash is that of an earlier row.
    DUPLICATE,
    /// The text is in another language.
    LANGUAGE,
    /// Taken out by a person.
    FORGOTTEN,
    /// The file, or how it looks, is on a block list.
    BLOCKED_HASH,
    /// Does not decode whole, or is no image.
    BROKEN_IMAGE,
    /// Has more pixels than are decoded.
    TOO_MANY_PIXELS,
    /// Does not look as the metadata say: its perceptual hash is another.
    CHANGED;

    /// `clip-similarity`, as reports have it.
    String word() { return word(name()); }

    static String word(FetchCause cause) { return word(cause.name()); }

    private static String word(String name) { return CaseFormat.UPPER_UNDERSCORE.to(CaseFormat.LOWER_HYPHEN, name); }
}
