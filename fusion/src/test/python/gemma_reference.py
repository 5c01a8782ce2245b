"""Logits of a real Gemma 3 in GGUF, by transformers: python gemma_reference.py model.gguf tokenizer.json reference.safetensors

    pip install gguf==0.19.0 transformers==4.57.1 torch==2.10 safetensors

The weights are what the gguf package dequantises, put into transformers' own class, in f32. `RealGemmaTest` compares with them. Sizes of
Gemma 3 270M.
"""
import sys

import gguf
import numpy as np
import torch
from gguf.quants import dequantize
from safetensors.torch import save_file
from transformers import Gemma3ForCausalLM, Gemma3TextConfig, PreTrainedTokenizerFast

LAYERS = 18
PROMPTS = "The capital of France is", "Water boils at a temperature of", "def fibonacci(n):\n    if n <", "Once upon a time there was a fox who lived by the river. " * 60


@torch.no_grad()
def model(path):
    result = Gemma3ForCausalLM(Gemma3TextConfig(
        vocab_size=262144, hidden_size=640, intermediate_size=2048, num_hidden_layers=LAYERS, num_attention_heads=4, num_key_value_heads=1,
        head_dim=256, query_pre_attn_scalar=256, sliding_window=512, rope_theta=1e6, rope_local_base_freq=1e4, rms_norm_eps=1e-6,
        layer_types=["full_attention" if (i + 1) % 6 == 0 else "sliding_attention" for i in range(LAYERS)], attn_implementation="eager")).eval()
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.GEMMA3, LAYERS)
    stored = {t.name: t for t in gguf.GGUFReader(path).tensors}
    for name, parameter in result.named_parameters():
        tensor = stored.pop(names.get_name(name, (".weight",)))
        value = np.array(dequantize(tensor.data, tensor.tensor_type), dtype=np.float32)
        assert value.shape == tuple(parameter.shape), name
        parameter.copy_(torch.from_numpy(value - np.float32(1) if name.endswith("norm.weight") else value))
    assert not stored, stored.keys()
    return result


@torch.no_grad()
def main(weights, tokenizer, target):
    tokens = PreTrainedTokenizerFast(tokenizer_file=tokenizer)
    gemma, out = model(weights), {}
    for i, prompt in enumerate(PROMPTS):
        ids = torch.tensor(tokens(prompt).input_ids)
        assert ids[0] == 2, "no <bos>"
        logits = gemma(ids[None]).logits[0]
        out |= {f"ids.{i}": ids, f"logits.{i}": logits[-8:].contiguous(), f"text.{i}": torch.tensor(list(prompt.encode()), dtype=torch.uint8)}
        top = logits[-1].topk(5)
        print(repr(prompt[:40]), len(ids), "tokens:", [(tokens.decode([int(id)]), round(float(value), 4)) for value, id in zip(*top)])
    save_file(out, target)


main(*sys.argv[1:])
