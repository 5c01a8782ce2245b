"""Makes resources/goldens/llm_gguf: the tiny language models of resources/goldens/llm as llama.cpp's converter would write them.

    pip install gguf==0.19.0 safetensors==0.8.0 numpy
    python gguf_language_goldens.py ../resources/goldens/llm ../resources/goldens/llm_gguf

Names of tensors and of metadata are the gguf package's. What `convert_hf_to_gguf.py` does to values is done here too: 1 is added to
Gemma's norms, the rows of Llama's queries and keys go from halves to neighbours, Llama 3's scaling becomes a table of divisors.
"""
import json
import math
import sys
from pathlib import Path

import gguf
import numpy as np
from safetensors.numpy import load_file

ARCHITECTURES = {"gemma": gguf.MODEL_ARCH.GEMMA, "gemma2": gguf.MODEL_ARCH.GEMMA2, "gemma3_text": gguf.MODEL_ARCH.GEMMA3, "llama": gguf.MODEL_ARCH.LLAMA,
                 "qwen3": gguf.MODEL_ARCH.QWEN3}
CASES = "gemma", "gemma2", "gemma3_text", "gemma3_text_linear_rope", "llama", "llama3_rope", "qwen3"


def neighbours(rows, heads):
    return rows.reshape(heads, 2, rows.shape[0] // heads // 2, *rows.shape[1:]).swapaxes(1, 2).reshape(rows.shape)


def divisors(config):
    scaling, width = config["rope_scaling"], config["head_dim"]
    low, high = (scaling["original_max_position_embeddings"] / scaling[f + "_freq_factor"] for f in ("low", "high"))
    result = []
    for frequency in 1 / config["rope_theta"] ** (np.arange(0, width, 2, dtype=np.float64) / width):
        wave = 2 * math.pi / frequency
        smooth = (scaling["original_max_position_embeddings"] / wave - scaling["low_freq_factor"]) / (scaling["high_freq_factor"] - scaling["low_freq_factor"])
        result.append(1 if wave < high else scaling["factor"] if wave > low else 1 / ((1 - smooth) / scaling["factor"] + smooth))
    return np.array(result, dtype=np.float32)


def convert(source, target):
    config = json.loads((source / "config.json").read_text())
    kind, layers = config["model_type"], config["num_hidden_layers"]
    heads, kv_heads = config["num_attention_heads"], config["num_key_value_heads"]
    arch = ARCHITECTURES[kind]
    names = gguf.get_tensor_name_map(arch, layers)
    writer = gguf.GGUFWriter(target, gguf.MODEL_ARCH_NAMES[arch])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_block_count(layers)
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv_heads)
    writer.add_key_length(config["head_dim"])
    writer.add_value_length(config["head_dim"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(config["rope_theta"])
    if config.get("sliding_window"):
        writer.add_sliding_window(config["sliding_window"])
    if "layer_types" in config:
        writer.add_sliding_window_pattern([t == "sliding_attention" for t in config["layer_types"]])
    for cap in ("attn_logit_softcapping", "final_logit_softcapping"):
        if config.get(cap):
            getattr(writer, "add_" + cap)(config[cap])
    scaling = config.get("rope_scaling") or {}
    if scaling.get("rope_type") == "linear":
        writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(scaling["factor"])
    if scaling.get("rope_type") == "llama3":
        writer.add_tensor("rope_freqs.weight", divisors(config))
    for name, value in load_file(source / "weights.safetensors").items():
        if kind.startswith("gemma") and name.endswith("norm.weight"):
            value = value + np.float32(1)
        if kind == "llama" and ("q_proj" in name or "k_proj" in name):
            value = neighbours(value, heads if "q_proj" in name else kv_heads)
        theirs = names.get_name("model." + name, (".weight", ".bias"))
        assert theirs, name
        writer.add_tensor(theirs, np.ascontiguousarray(value, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


for case in CASES:
    Path(sys.argv[2]).mkdir(exist_ok=True)
    convert(Path(sys.argv[1]) / case, Path(sys.argv[2]) / (case + ".gguf"))
