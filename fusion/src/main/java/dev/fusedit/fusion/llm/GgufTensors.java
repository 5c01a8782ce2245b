package dev.fusedit.fusion.llm;

import dev.fusedit.nn.RenamedTensors;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.io.GgufFile;
import dev.fusedit.torch.io.TensorSource;
import dev.fusedit.torch.io.TensorView;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// A GGUF file's tensors as Hugging Face's library has them: other names, and two other values.
///
/// llama.cpp multiplies by a norm's weight in every family, so Gemma's files hold 1 + weight. It rotates neighbours in Llama, not the
/// halves of a head, so those files hold the rows of queries and keys in that order.
record GgufTensors(TensorSource file, LanguageModelConfig config) implements TensorView {
    static final String EMBEDDING = "token_embd.weight";
    static final String HEAD = "output.weight";
    private static final Pattern IN_LAYER = Pattern.compile("blk\\.(\\d+)\\.(\\w+)\\.(weight|bias)");
    private static final Pattern ROTATED = Pattern.compile(".*\\.([qk])_proj\\.(weight|bias)");
    private static final Map<String, String> LAYER = Map.ofEntries(
            Map.entry("attn_norm", "input_layernorm"),
            Map.entry("attn_q", "self_attn.q_proj"),
            Map.entry("attn_k", "self_attn.k_proj"),
            Map.entry("attn_v", "self_attn.v_proj"),
            Map.entry("attn_output", "self_attn.o_proj"),
            Map.entry("attn_q_norm", "self_attn.q_norm"),
            Map.entry("attn_k_norm", "self_attn.k_norm"),
            Map.entry("post_attention_norm", "post_attention_layernorm"),
            Map.entry("ffn_gate", "mlp.gate_proj"),
            Map.entry("ffn_up", "mlp.up_proj"),
            Map.entry("ffn_down", "mlp.down_proj"),
            Map.entry("post_ffw_norm", "post_feedforward_layernorm"));

    static GgufTensors of(GgufFile file, LanguageModelConfig config) {
        return new GgufTensors(RenamedTensors.of(file, name -> ours(name, config.family().hasSandwichNorms())), config);
    }

    /// Null for the table of frequencies, which the configuration has; a name that is unknown stays, for the model to complain of.
    private static @Nullable String ours(String name, boolean sandwich) {
        var match = IN_LAYER.matcher(name);
        if (match.matches()) {
            var part = match.group(2).equals("ffn_norm") ? sandwich ? "pre_feedforward_layernorm" : "post_attention_layernorm"
                    : LAYER.get(match.group(2));
            return part == null ? name : "model.layers.%s.%s.%s".formatted(match.group(1), part, match.group(3));
        }
        return switch (name) {
            case EMBEDDING -> "model.embed_tokens.weight";
            case "output_norm.weight" -> "model.norm.weight";
            case HEAD -> "lm_head.weight";
            case GgufConfigs.FREQUENCY_FACTORS -> null;
            default -> name;
        };
    }

    @Override
    public Tensor read(String name) {
        return TensorScope.scoped(() -> {
            var stored = file.read(name);
            if (config.family().isGemma()) {
                return name.endsWith("norm.weight") ? stored.sub(1) : stored;
            }
            var rotated = ROTATED.matcher(name);
            return rotatesNeighbours(config.family()) && rotated.matches()
                    ? halves(stored, rotated.group(1).equals("q") ? config.heads() : config.kvHeads())
                    : stored;
        });
    }

    private static boolean rotatesNeighbours(Family family) {
        return switch (family) {
            case Family.Gemma _ -> false;
            case Family.Gemma2 _ -> false;
            case Family.Gemma3 _ -> false;
            case Family.Llama _ -> true;
            case Family.Qwen3 _ -> false;
        };
    }

    /// Rows in pairs (a0 b0 a1 b1 …), head by head, as rows in halves (a0 a1 … b0 b1 …).
    private static Tensor halves(Tensor pairs, int heads) {
        return pairs.reshape(heads, pairs.size(0) / heads / 2, 2, -1).transpose(1, 2).reshape(pairs.shape());
    }
}
