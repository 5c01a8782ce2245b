package dev.fusedit.fusion.vision;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import java.util.Optional;

/// Sizes of the text sides of published CLIP models, by their own names or those of the pipelines that they belong to.
public final class KnownClipTexts {
    private static final ImmutableMap<String, ClipTextConfig> KNOWN = ImmutableMap.of(
            "stabilityai/stable-diffusion-3-medium-diffusers", ClipTextConfig.large(),
            "openai/clip-vit-large-patch14", ClipTextConfig.large());

    private KnownClipTexts() {}

    public static Optional<ClipTextConfig> find(String name) { return Optional.ofNullable(KNOWN.get(name)); }

    public static ImmutableSet<String> names() { return KNOWN.keySet(); }
}
