package dev.fusedit.nn;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableList;
import java.math.BigDecimal;
import java.util.List;
import java.util.regex.Pattern;

/// Low-rank adapters (LoRA; Hu et al. 2021, arXiv 2106.09685) of the linear layers of one part of a model.
///
/// @param rank r, inner width of each
/// @param alpha α; a layer's change is α/r · B · A, or α/√r · B · A
/// @param dropout share of an adapter's inputs that training leaves out
/// @param rslora whether it is α/√r: rank-stabilized LoRA (Kalajdzievski 2023, arXiv 2312.03732)
/// @param targets which layers have one, as PEFT's `target_modules`: a layer's name or the end of it, `q_proj`, `self_attn.q_proj`; `*` stands
///        for any run of characters, and such a pattern is of the whole name below the part, `layers.3.mlp.*`
public record LoraConfig(int rank, double alpha, double dropout, boolean rslora, List<String> targets) {
    public LoraConfig {
        checkArgument(rank > 0, "the rank of an adapter is at least 1, not %s", rank);
        checkArgument(dropout >= 0 && dropout < 1, "a share of inputs is from 0 to below 1, not %s", dropout);
        targets = ImmutableList.copyOf(targets);
    }

    /// α/r, or α/√r
    public double scaling() { return alpha / (rslora ? Math.sqrt(rank) : rank); }

    /// Whether the same weights make the same change.
    public boolean computesAs(LoraConfig other) { return rank == other.rank && scaling() == other.scaling(); }

    /// `rank 16, alpha 32`
    public String inWords() {
        return "rank %d, alpha %s%s".formatted(rank, BigDecimal.valueOf(alpha).stripTrailingZeros().toPlainString(),
                rslora ? ", rslora" : "");
    }

    LoraConfig withTarget(String target) { return new LoraConfig(rank, alpha, dropout, rslora, List.of(target)); }

    /// Whether a linear layer has an adapter.
    ///
    /// @param layer its name below the part
    public boolean isTarget(String layer) { return targets.stream().anyMatch(target -> fits(target, layer)); }

    private static boolean fits(String target, String layer) {
        return target.contains("*") ? layer.matches(Pattern.quote(target).replace("*", "\\E.*\\Q"))
                : layer.equals(target) || layer.endsWith("." + target);
    }
}
