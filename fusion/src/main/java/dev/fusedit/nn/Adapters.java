package dev.fusedit.nn;

import com.google.common.collect.ImmutableMap;
import dev.fusedit.torch.UserError;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/// Which linear layers of a model have adapters.
///
/// @param parts by the beginning of the layers' names: `llm`, `dit`
public record Adapters(ImmutableMap<String, LoraConfig> parts) {
    public static final Adapters NONE = new Adapters(ImmutableMap.of());

    public Adapters(Map<String, LoraConfig> parts) { this(ImmutableMap.copyOf(parts)); }

    void requireTargets(List<String> layers) {
        parts.forEach((part, config) -> {
            var own =
                    layers.stream().filter(layer -> layer.startsWith(part + ".")).map(layer -> layer.substring(part.length() + 1)).toList();
            for (var target : config.targets()) {
                if (own.stream().noneMatch(config.withTarget(target)::isTarget))
                    throw new UserError("model.adapters.%s.targets: '%s' is no linear layer there. There are %s".formatted(part, target,
                            own.stream().map(layer -> layer.substring(layer.lastIndexOf('.') + 1)).filter(name -> !name.matches("\\d+"))
                                    .distinct().sorted().collect(Collectors.joining(", "))));
            }
        });
    }

    /// Whether these have a parameter, one of an adapter's.
    public boolean have(String parameter) { return LoraAdapter.isPart(parameter) && of(LoraAdapter.layer(parameter)).isPresent(); }

    /// @param layer `llm.layers.0.self_attn.q_proj`
    Optional<LoraConfig> of(String layer) {
        return parts.entrySet().stream().filter(part -> layer.startsWith(part.getKey() + ".")
                && part.getValue().isTarget(layer.substring(part.getKey().length() + 1))).map(Map.Entry::getValue).findFirst();
    }
}
