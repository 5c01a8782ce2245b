package dev.fusedit.cli;

import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// By which rules `data prepare` chooses rows. Defaults, and where they come from, are the set's; [dev.fusedit.trainer.data.prepare.PublishedSets].
final class PrepareRuleOptions {
    @Option(names = "--min-size", paramLabel = "PIXELS", description = "Short side, by the metadata and by the image; 0: any (coyo: 256).")
    private @Nullable Double minSize;

    @Option(names = "--max-aspect", paramLabel = "RATIO", description = "Long side over short side, by both (coyo: 3).")
    private @Nullable Double maxAspect;

    @Option(names = "--max-watermark", paramLabel = "P", description = "Probability of a watermark (coyo: 0.5).")
    private @Nullable Double maxWatermark;

    @Option(names = "--min-clip-similarity", paramLabel = "S", description = "Of image and text, by CLIP ViT-B/32 (coyo: 0.28).")
    private @Nullable Double minClip;

    @Option(names = "--max-nsfw", paramLabel = "P", description = "By the stricter classifier (coyo: 0.5).")
    private @Nullable Double maxNsfw;

    @Option(names = "--min-aesthetic", paramLabel = "S", description = "LAION's aesthetic score, version 2 (coyo: 4.5).")
    private @Nullable Double minAesthetic;

    @Option(names = "--min-text-length", paramLabel = "N", description = "Characters (coyo: 6).")
    private @Nullable Double minText;

    @Option(names = "--max-text-length", paramLabel = "N", description = "Characters (coyo: 1000).")
    private @Nullable Double maxText;

    @Option(names = "--min-words", paramLabel = "N", description = "Words (coyo: 3).")
    private @Nullable Double minWords;

    @Option(names = "--max-words", paramLabel = "N", description = "Words (coyo: 256).")
    private @Nullable Double maxWords;

    @Option(names = "--language", defaultValue = "", paramLabel = "CODE",
            description = "Leave out texts that are in another language, en say. Default: any (COYO was chosen by cld3 to be English).")
    private String language;

    @Option(names = "--phash-bits", defaultValue = "5", paramLabel = "N",
            description = "By which an image's perceptual hash may differ from the metadata's; 64: any (default: ${DEFAULT-VALUE}).")
    private int phashBits;

    /// By the names of options, without dashes.
    Map<String, Double> chosen() {
        var chosen = new TreeMap<String, Double>();
        add(chosen, "min-size", minSize);
        add(chosen, "max-aspect", maxAspect);
        add(chosen, "max-watermark", maxWatermark);
        add(chosen, "min-clip-similarity", minClip);
        add(chosen, "max-nsfw", maxNsfw);
        add(chosen, "min-aesthetic", minAesthetic);
        add(chosen, "min-text-length", minText);
        add(chosen, "max-text-length", maxText);
        add(chosen, "min-words", minWords);
        add(chosen, "max-words", maxWords);
        return chosen;
    }

    private static void add(Map<String, Double> chosen, String name, @Nullable Double value) {
        if (value != null) chosen.put(name, value);
    }

    String language() { return language; }

    int phashBits() { return phashBits; }
}
