package dev.fusedit.trainer.recipe;

import static dev.fusedit.fusion.config.Rules.checkArgument;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.fusedit.fusion.config.Bound;
import dev.fusedit.fusion.config.Default;
import dev.fusedit.fusion.config.Doc;
import dev.fusedit.nn.Adapters;
import dev.fusedit.nn.LoraConfig;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

///     adapters:
///       llm: {rank: 16, alpha: 32, targets: [q_proj, v_proj]}
@Doc("Low-rank changes of linear layers (LoRA; Hu et al. 2021, arXiv 2106.09685), as PEFT has them: y = Wx + alpha/rank · B A x.")
public record AdaptersRecipe(
        @Doc("of the language model; none if left out") @Nullable Lora llm,
        @Doc("of the image side; none if left out") @Nullable Lora dit) {
    public AdaptersRecipe {
        checkArgument(llm != null || dit != null, "adapters must be of the llm, of the dit, or of both");
    }

    @Doc("Adapters of one part of the model.")
    public record Lora(
            @Doc("inner width") int rank,
            @Doc("alpha/rank is what their change is multiplied by; the rank if left out") @Nullable Double alpha,
            @Doc("share of an adapter's inputs that training leaves out") @Default("0") double dropout,
            @Doc("multiply by alpha/sqrt(rank) instead, which keeps large ranks learning (rank-stabilized LoRA)") @Default("false") boolean rslora,
            @Doc("linear layers: a name or the end of it (q_proj, self_attn.q_proj), or a pattern of the whole name below the part in which '*' "
                    + "stands for any run of characters (layers.3.mlp.*)") @Default("[q_proj, k_proj, v_proj, o_proj]") List<
                            String> targets) {
        public Lora {
            Bound.WIDTH.check("rank", rank);
            if (alpha != null) Bound.POSITIVE.check("alpha", alpha.doubleValue());
            checkArgument(dropout >= 0 && dropout < 1, "dropout must be from 0 to below 1, but is %s", dropout);
            checkArgument(!targets.isEmpty(), "targets must not be empty");
            targets = ImmutableList.copyOf(targets);
        }

        LoraConfig config() { return new LoraConfig(rank, alpha == null ? rank : alpha, dropout, rslora, targets); }
    }

    Adapters adapters() {
        var parts = ImmutableMap.<String, LoraConfig>builder();
        Optional.ofNullable(llm).ifPresent(lora -> parts.put("llm", lora.config()));
        Optional.ofNullable(dit).ifPresent(lora -> parts.put("dit", lora.config()));
        return new Adapters(parts.buildOrThrow());
    }

    /// Whether a part has adapters.
    boolean has(Part part) {
        return switch (part) {
            case LLM_ADAPTER -> llm != null;
            case DIT_ADAPTER -> dit != null;
            case LLM, DIT, PROJECTIONS, EMBEDDINGS, ALIGNMENT -> false;
        };
    }
}
