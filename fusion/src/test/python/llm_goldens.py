"""Golden cases of language models alone, from transformers' classes: python llm_goldens.py FOLDER

With transformers 4.43.3 it makes the Gemma 1 and 2 cases (and PaliGemma's text side), with 4.57.1 all others; torch 2.10, CPU. Attention `eager` and
`sdpa`; `ref4d` is the reference's own call with an additive mask.
"""
import sys

import torch
import transformers

from tiny import randomise, save

OLD = transformers.__version__ < "4.50"
SIZES = dict(vocab_size=96, hidden_size=32, intermediate_size=48, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=2, head_dim=16,
             max_position_embeddings=64, rms_norm_eps=1e-6, pad_token_id=0, bos_token_id=2, eos_token_id=1)
GEMMA2 = dict(query_pre_attn_scalar=24, sliding_window=4, attn_logit_softcapping=5.0, final_logit_softcapping=3.0)
GEMMA3 = dict(query_pre_attn_scalar=24, sliding_window=4, num_hidden_layers=6)
L3 = {"rope_type": "llama3", "factor": 4.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 16}
OLD_CASES = {
    "gemma-gelu": ("gemma", dict(hidden_activation="gelu", num_key_value_heads=4, head_dim=12)),
    "gemma-null": ("gemma", dict(hidden_activation=None, hidden_act="relu", rope_theta=500.0, num_key_value_heads=1)),
    "gemma-silu-bias": ("gemma", dict(hidden_activation="silu", attention_bias=True, rms_norm_eps=1e-4)),
    "gemma2-no-caps": ("gemma2", GEMMA2 | dict(attn_logit_softcapping=None, final_logit_softcapping=None)),
    "gemma2-window-7": ("gemma2", GEMMA2 | dict(sliding_window=7, query_pre_attn_scalar=8, num_hidden_layers=4, num_key_value_heads=1, attention_bias=True)),
    "gemma2-window-1": ("gemma2", GEMMA2 | dict(sliding_window=1, head_dim=8)),
    "gemma2-wide": ("gemma2", GEMMA2 | dict(sliding_window=64, attn_logit_softcapping=1.0, hidden_activation="gelu")),
    "paligemma": ("paligemma", dict(num_hidden_layers=2, num_key_value_heads=1)),
}
NEW_CASES = {
    "gemma-4.57": ("gemma", dict(hidden_act="gelu_pytorch_tanh", hidden_activation="gelu_pytorch_tanh", num_key_value_heads=1)),
    "gemma2-4.57": ("gemma2", GEMMA2 | dict(num_hidden_layers=4)),
    "gemma3": ("gemma3_text", GEMMA3),
    "gemma3-pattern": ("gemma3_text", GEMMA3 | dict(layer_types=["full_attention", "sliding_attention", "sliding_attention"], num_hidden_layers=3, rope_local_base_freq=77.0)),
    "gemma3-scaling": ("gemma3_text", GEMMA3 | dict(rope_scaling={"rope_type": "linear", "factor": 8.0}, rope_theta=1e5, attention_bias=True)),
    "gemma3-caps": ("gemma3_text", GEMMA3 | dict(attn_logit_softcapping=5.0, final_logit_softcapping=3.0)),
    "gemma3_caps": ("gemma3_text", GEMMA3 | dict(attn_logit_softcapping=1.0, num_hidden_layers=2, hidden_size=8, intermediate_size=12, num_attention_heads=2,
                                                num_key_value_heads=1, head_dim=8, sliding_window=3, layer_types=["sliding_attention", "full_attention"])),
    "qwen3-untied-bias": ("qwen3", dict(attention_bias=True, tie_word_embeddings=False, hidden_act="gelu", rope_theta=5e5)),
    "qwen3-window": ("qwen3", dict(use_sliding_window=True, sliding_window=3, max_window_layers=1, num_hidden_layers=4)),
    "qwen3-linear": ("qwen3", dict(rope_scaling={"rope_type": "linear", "factor": 2.0}, num_key_value_heads=4, head_dim=8)),
    "llama-bias": ("llama", dict(attention_bias=True, mlp_bias=True, num_key_value_heads=4, head_dim=8, rms_norm_eps=1e-5)),
    "llama-head-dim-null": ("llama", dict(head_dim=None, num_key_value_heads=1)),
    "llama-linear": ("llama", dict(rope_scaling={"type": "linear", "factor": 3.0})),
    "llama-llama3": ("llama", dict(rope_scaling=L3 | {"factor": 8.0, "high_freq_factor": 2.0}, rope_theta=5e5, tie_word_embeddings=True)),
    "llama-llama3-wide": ("llama", dict(rope_scaling=L3 | {"original_max_position_embeddings": 4096}, max_position_embeddings=8192, head_dim=32)),
    "llama-dynamic": ("llama", dict(rope_scaling={"rope_type": "dynamic", "factor": 2.0})),
    "llama-yarn": ("llama", dict(rope_scaling={"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16})),
    "llama-silu-sandwich": ("llama", dict(hidden_act="relu", num_hidden_layers=1)),
}


def ids_and_mask(lengths, length):
    ids, mask = torch.zeros(len(lengths), length, dtype=torch.long), torch.zeros(len(lengths), length, dtype=torch.long)
    for row, count in enumerate(lengths):
        ids[row, :count] = torch.randint(3, 96, (count,))
        ids[row, 0] = 2
        mask[row, :count] = 1
    return ids, mask


def additive(mask):
    length = mask.shape[1]
    seen = torch.tril(torch.ones(length, length, dtype=torch.bool)) & mask[:, None, None, :].bool()
    return torch.where(seen, 0.0, torch.finfo(torch.float32).min)


@torch.no_grad()
def main(folder):
    for seed, (name, (kind, change)) in enumerate((OLD_CASES if OLD else NEW_CASES).items()):
        torch.manual_seed(700 + seed)
        text = "gemma" if kind == "paligemma" else kind
        settings = SIZES | change
        config = transformers.AutoConfig.for_model(text, **settings)
        io = {}
        io["input_ids"], io["attention_mask"] = ids_and_mask([13, 6, 1], 13)
        for way in ("eager", "sdpa"):
            model = transformers.AutoModel.from_config(config, attn_implementation=way)
            torch.manual_seed(800 + seed)
            randomise(model, lambda key: "norm" in key and key.endswith("weight") and not text.startswith("gemma"))
            calls(model, way, io)
        weights = model.state_dict()
        saved = {k: v for k, v in config.to_diff_dict().items()} | settings | {"model_type": text}
        if kind == "paligemma":
            weights = {"language_model.model." + k: v for k, v in weights.items()} | {"vision_tower.x.weight": torch.randn(3), "multi_modal_projector.linear.weight": torch.randn(2, 2)}
            saved = {"model_type": "paligemma", "text_config": saved, "vision_config": {}}
        save(f"{folder}/{name}", saved, io, weights)


def calls(model, way, io):
    last = {}
    hook = model.layers[-1].register_forward_hook(lambda m, a, out: last.__setitem__("x", (out[0] if isinstance(out, tuple) else out).clone()))
    positions = torch.arange(io["input_ids"].shape[1])[None]
    given = {"mask2d": dict(attention_mask=io["attention_mask"])}
    if OLD:
        given["ref4d"] = dict(attention_mask=additive(io["attention_mask"]), position_ids=positions)
    for call, arguments in given.items():
        states = model(io["input_ids"], use_cache=False, output_hidden_states=True, **arguments).hidden_states
        io.update({f"{way}.{call}.hidden_states.{i}": state for i, state in enumerate(states)})
        io[f"{way}.{call}.last_layer_prenorm"] = last["x"]
    hook.remove()


main(sys.argv[1])
