package dev.fusedit.fusion.vae;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import java.util.Optional;

/// Sizes of published autoencoders by the names of the pipelines that they belong to.
public final class KnownAutoencoders {
    private static final ImmutableMap<String, AutoencoderConfig> KNOWN = ImmutableMap.of(
            "stabilityai/stable-diffusion-3-medium-diffusers", AutoencoderConfig.sd3(),
            "black-forest-labs/FLUX.1-dev", AutoencoderConfig.flux(),
            "black-forest-labs/FLUX.1-schnell", AutoencoderConfig.flux(),
            "stable-diffusion-v1-5/stable-diffusion-v1-5", AutoencoderConfig.sd15());

    private KnownAutoencoders() {}

    public static Optional<AutoencoderConfig> find(String name) { return Optional.ofNullable(KNOWN.get(name)); }

    public static ImmutableSet<String> names() { return KNOWN.keySet(); }
}
