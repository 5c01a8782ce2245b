"""Writes what real PEFT makes of a tiny Gemma with adapters, for AdaptersTest.

    python peft_golden.py FOLDER        (torch, transformers 4.43, peft 0.12)

FOLDER gets base/ (config.json, model.safetensors), llm/ (adapter_config.json, adapter_model.safetensors) and expected.safetensors: `input_ids`
(1, 6) and the `hidden` states (1, 6, 16) of the last layer with the adapter."""

import sys
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file
from transformers import GemmaConfig, GemmaForCausalLM


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(1)
    config = GemmaConfig(vocab_size=40, hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=1,
                         head_dim=8, max_position_embeddings=64, hidden_activation="gelu_pytorch_tanh", pad_token_id=0, bos_token_id=2,
                         eos_token_id=1)
    model = GemmaForCausalLM(config).eval()
    model.save_pretrained(folder / "base")
    adapted = get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", r=3, lora_alpha=6, lora_dropout=0.1, target_modules=["q_proj", "down_proj"]))
    with torch.no_grad():
        for name, value in adapted.named_parameters():
            if "lora_B" in name:
                value.copy_(torch.randn_like(value) * 0.3)
    adapted.save_pretrained(folder / "llm")
    adapted.eval()
    ids = torch.tensor([[2, 7, 11, 3, 39, 20]])
    with torch.no_grad():
        hidden = adapted(input_ids=ids, output_hidden_states=True).hidden_states[-1]
    save_file({"input_ids": ids, "hidden": hidden.contiguous()}, folder / "expected.safetensors")


main(Path(sys.argv[1]))
