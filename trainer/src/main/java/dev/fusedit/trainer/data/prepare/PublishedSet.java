package dev.fusedit.trainer.data.prepare;

import com.google.common.collect.ImmutableList;
import dev.fusedit.torch.UserError;
import java.util.List;
import java.util.Optional;

/// A training set that is published as metadata in Parquet files: what its columns are called, and by which rules its rows are chosen. Another
/// set is another such description.
///
/// @param name on the command line
/// @param title for people
/// @param licence of the metadata and of the images, in a sentence
/// @param url column of the image's address
/// @param caption column of its text
/// @param replaced columns that what was fetched takes the place of: they are not handed on
/// @param phash column of the image's perceptual hash, as [dev.fusedit.trainer.data.image.PHash] has it; empty for none
/// @param thresholds in the order in which a row's cause is looked for
public record PublishedSet(String name, String title, String licence, String url, String caption, ImmutableList<String> replaced,
        Optional<String> phash, ImmutableList<Threshold> thresholds) {
    static final String MIN_SIZE = "min-size";
    static final String MAX_ASPECT = "max-aspect";

    /// The one that the paper's authors name: Byeon et al., COYO-700M: Image-Text Pair Dataset, 2022 (github.com/kakaobrain/coyo-dataset).
    static final PublishedSet COYO = new PublishedSet("coyo", "COYO-700M",
            "The metadata of COYO-700M are under CC-BY-4.0 (Kakao Brain); each image and text is its owner's.", "url", "text",
            ImmutableList.of("width", "height"), Optional.of("image_phash"),
            ImmutableList.of(
                    new Threshold(MIN_SIZE, RowCause.SIZE, "least(width, height) < %s", 256,
                            "the side that the recipes train with; COYO itself begins at 200"),
                    new Threshold(MAX_ASPECT, RowCause.ASPECT, "greatest(width, height) > %s * least(width, height)", 3,
                            "COYO's own rule"),
                    new Threshold("min-text-length", RowCause.TEXT_LENGTH, "text_length < %s", 6, "COYO's own rule"),
                    new Threshold("max-text-length", RowCause.TEXT_LENGTH, "text_length > %s", 1000, "the longest in COYO"),
                    new Threshold("min-words", RowCause.WORDS, "word_count < %s", 3, "COYO's own rule"),
                    new Threshold("max-words", RowCause.WORDS, "word_count > %s", 256, "COYO's own rule"),
                    new Threshold("max-watermark", RowCause.WATERMARK, "watermark_score > %s", 0.5,
                            "Stable Diffusion 1's model card: watermark probability < 0.5 (by LAION's classifier)"),
                    new Threshold("min-clip-similarity", RowCause.CLIP_SIMILARITY, "clip_similarity_vitb32 < %s", 0.28,
                            "LAION-5B's rule for English text, by the same CLIP ViT-B/32"),
                    new Threshold("max-nsfw", RowCause.NSFW, "greatest(nsfw_score_opennsfw2, nsfw_score_gantman) > %s", 0.5,
                            "COYO's own rule, for both classifiers"),
                    new Threshold("min-aesthetic", RowCause.AESTHETIC, "aesthetic_score_laion_v2 < %s", 4.5,
                            "Stable Diffusion 2's model card: aesthetic score >= 4.5, by the same predictor")));

    private static final List<PublishedSet> ALL = List.of(COYO);

    /// @throws UserError if there is none of this name
    public static PublishedSet named(String name) {
        return ALL.stream().filter(set -> set.name().equals(name)).findFirst().orElseThrow(() -> new UserError(
                "no published set is known as '%s'. Known: %s".formatted(name, String.join(", ", ALL.stream().map(PublishedSet::name)
                        .toList()))));
    }
}
