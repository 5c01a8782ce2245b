package dev.fusedit.trainer.data.prepare;

import com.google.common.collect.ImmutableList;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.data.prepare.PublishedSet.Origin;
import java.util.List;
import java.util.Optional;

/// The sets that can be prepared: COYO-700M, and those that the paper's largest model was trained on.
public final class PublishedSets {
    private static final String RECIPES_SIDE = "the side that the recipes train with";
    private static final String ANY = "no rule: any";
    /// In SQL: the metadata leave out nothing.
    private static final String IMAGE_ALONE = "false";

    /// Byeon et al., COYO-700M: Image-Text Pair Dataset, 2022 (github.com/kakaobrain/coyo-dataset). The paper's authors name it.
    static final PublishedSet COYO = new PublishedSet("coyo", "COYO-700M",
            "The metadata of COYO-700M are under CC-BY-4.0 (Kakao Brain); each image and text is its owner's.", new MetadataForm.Parquet(),
            Origin.WEB, "url", "text", ImmutableList.of(), ImmutableList.of("width", "height"), Optional.of("image_phash"),
            ImmutableList.of(
                    new Threshold(PublishedSet.MIN_SIZE, RowCause.SIZE, "least(width, height) < %s", 256,
                            "the side that the recipes train with; COYO itself begins at 200"),
                    new Threshold(PublishedSet.MAX_ASPECT, RowCause.ASPECT, "greatest(width, height) > %s * least(width, height)", 3,
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

    /// Conceptual 12M (Changpinyo et al., 2021) with LLaVA-NeXT's captions: `train.jsonl.gz` of CaptionEmporium/conceptual-captions-cc12m-llavanext,
    /// as the paper has it. Its `key` is that of pixparse/cc12m-wds, whose tar files the paper took the images from.
    static final PublishedSet CC12M = new PublishedSet("cc12m", "CC12M, recaptioned",
            "Conceptual 12M may be used for any purpose, without warranty (Google); the recaptions are under CC-BY-SA-4.0 (Caption Emporium);"
                    + " each image is its owner's.",
            new MetadataForm.JsonLines(
                    "{caption_llava: 'VARCHAR', caption_llava_short: 'VARCHAR', caption: 'VARCHAR', url: 'VARCHAR', key: 'VARCHAR'}",
                    "url, caption_llava, caption_llava_short, caption AS original_caption, key AS cc12m_key", "key"),
            Origin.EITHER, "url", "caption_llava", ImmutableList.of("original_caption", "caption_llava_short"), ImmutableList.of(),
            Optional.empty(), captionRules("caption_llava"));

    /// Kirillov et al., Segment Anything, 2023: `sa_000000.tar` to `sa_000999.tar`; texts by PixArt-α's authors, `SA1B_caption.tar.gz` of
    /// PixArt-alpha/SAM-LLaVA-Captions10M, as the paper has it.
    static final PublishedSet SA_1B = new PublishedSet("sa-1b", "SA-1B",
            "Meta gives the archives of SA-1B, sa_000000.tar to sa_000999.tar, to those who accept its research licence"
                    + " (ai.meta.com/datasets/segment-anything); the captions are under OpenRAIL (PixArt-α).",
            new MetadataForm.TextFiles(), Origin.ARCHIVES, "url", "caption", ImmutableList.of(), ImmutableList.of(), Optional.empty(),
            captionRules("caption"));

    /// Sun et al., JourneyDB, 2023: `data/train/train_anno_realease_repath.jsonl.tgz` and `data/train/imgs/000.tgz` to `199.tgz` of
    /// JourneyDB/JourneyDB. The paper trains on the prompts; the caption is GPT-3.5's.
    static final PublishedSet JOURNEY_DB = new PublishedSet("journeydb", "JourneyDB",
            "The archives of JourneyDB, data/train/imgs/000.tgz to 199.tgz, are given to those who accept its terms of usage"
                    + " (huggingface.co/datasets/JourneyDB/JourneyDB); read what they allow.",
            new MetadataForm.JsonLines("{img_path: 'VARCHAR', prompt: 'VARCHAR', Task2: 'STRUCT(\"Caption\" VARCHAR)'}",
                    "NULL::VARCHAR AS url, prompt, Task2.\"Caption\" AS gpt_caption", "img_path"),
            Origin.ARCHIVES, "url", "prompt", ImmutableList.of("gpt_caption"), ImmutableList.of(), Optional.empty(),
            captionRules("prompt"));

    private static final List<PublishedSet> ALL = List.of(COYO, CC12M, SA_1B, JOURNEY_DB);

    private PublishedSets() {}

    /// The rules of a set whose metadata say nothing of the images: sizes are looked at in the image alone.
    private static ImmutableList<Threshold> captionRules(String caption) {
        var words = "len(string_split(trim(" + caption + "), ' '))";
        return ImmutableList.of(new Threshold(PublishedSet.MIN_SIZE, RowCause.SIZE, IMAGE_ALONE, 256, RECIPES_SIDE),
                new Threshold(PublishedSet.MAX_ASPECT, RowCause.ASPECT, IMAGE_ALONE, 3, "as for COYO"),
                new Threshold("min-text-length", RowCause.TEXT_LENGTH, "length(" + caption + ") < %s", 1, ANY),
                new Threshold("max-text-length", RowCause.TEXT_LENGTH, "length(" + caption + ") > %s", 1_000_000, ANY),
                new Threshold("min-words", RowCause.WORDS, words + " < %s", 1, ANY),
                new Threshold("max-words", RowCause.WORDS, words + " > %s", 1_000_000, ANY));
    }

    public static List<PublishedSet> all() { return ALL; }

    /// @throws UserError if there is none of this name
    public static PublishedSet named(String name) {
        return ALL.stream().filter(set -> set.name().equals(name)).findFirst().orElseThrow(() -> new UserError(
                "no published set is known as '%s'. Known: %s".formatted(name, String.join(", ", ALL.stream().map(PublishedSet::name)
                        .toList()))));
    }
}
