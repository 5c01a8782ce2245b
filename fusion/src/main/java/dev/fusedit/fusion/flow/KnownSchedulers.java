package dev.fusedit.fusion.flow;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import java.util.Optional;

/// Noise levels of published pipelines, by their names.
public final class KnownSchedulers {
    /// Stable Diffusion 3: 1000 levels, shifted by 3 (Esser et al. 2024, section 5.3.2).
    private static final ImmutableMap<String, FlowMatchScheduler> KNOWN =
            ImmutableMap.of("stabilityai/stable-diffusion-3-medium-diffusers", FlowMatchScheduler.shifted(3));

    private KnownSchedulers() {}

    public static Optional<FlowMatchScheduler> find(String name) { return Optional.ofNullable(KNOWN.get(name)); }

    public static ImmutableSet<String> names() { return KNOWN.keySet(); }
}
