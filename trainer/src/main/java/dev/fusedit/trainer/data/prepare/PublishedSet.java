package dev.fusedit.trainer.data.prepare;

import com.google.common.collect.ImmutableList;
import dev.fusedit.torch.UserError;
import java.util.Optional;

/// A training set that is published as metadata: in which form, what its columns are called, where its images are, and by which rules its rows
/// are chosen. [PublishedSets] has them.
///
/// @param name on the command line
/// @param title for people
/// @param licence of the metadata and of the images, in sentences
/// @param form in which the metadata are published
/// @param origin where the images are
/// @param url column of the image's address; of one in an archive it is the archive's name and the member's
/// @param caption column of its text
/// @param otherCaptions columns of further texts, which are written beside it
/// @param replaced columns that what was fetched takes the place of: they are not handed on
/// @param phash column of the image's perceptual hash, as [dev.fusedit.trainer.data.image.PHash] has it; empty for none
/// @param thresholds in the order in which a row's cause is looked for
public record PublishedSet(String name, String title, String licence, MetadataForm form, Origin origin, String url, String caption,
        ImmutableList<String> otherCaptions, ImmutableList<String> replaced, Optional<String> phash, ImmutableList<Threshold> thresholds) {
    static final String MIN_SIZE = "min-size";
    static final String MAX_ASPECT = "max-aspect";

    /// Where a set's images are.
    enum Origin {
        /// On the web: fetched, by the metadata's addresses.
        WEB,
        /// In tar archives, which a person has fetched.
        ARCHIVES,
        /// In archives if a person has them, else on the web.
        EITHER
    }

    /// @throws UserError if archives are named for a set that has none, or missing for one that is nowhere else
    void requireImages(boolean archives) {
        switch (origin) {
            case WEB -> {
                if (archives) throw new UserError("--images: the images of %s are on the web, by the metadata's addresses".formatted(title));
            }
            case ARCHIVES -> {
                if (!archives)
                    throw new UserError("--images GLOB is needed: the tar archives with the images of %s. %s".formatted(title, licence));
            }
            case EITHER -> {}
        }
    }
}
