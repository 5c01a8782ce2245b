"""Writes what real PEFT makes of a tiny Gemma with adapters, for AdaptersTest; or looks whether PEFT makes the same of another adapter.

    python peft_golden.py FOLDER                (torch, transformers 4.43, peft 0.12)
    python peft_golden.py --check FOLDER ADAPTER

FOLDER gets base/ (config.json, model.safetensors), llm/ (adapter_config.json, adapter_model.safetensors) and expected.safetensors: `input_ids`
(1, 6) and the `hidden` states (1, 6, 16) of the last layer with the adapter. With --check FOLDER is such a one, and ADAPTER is loaded in place of llm/."""

import sys
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
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


def check(folder, adapter):
    adapted = PeftModel.from_pretrained(GemmaForCausalLM.from_pretrained(folder / "base"), adapter).eval()
    expected = load_file(folder / "expected.safetensors")
    with torch.no_grad():
        hidden = adapted(input_ids=expected["input_ids"], output_hidden_states=True).hidden_states[-1]
        base = adapted.get_base_model()
        with adapted.disable_adapter():
            without = base(input_ids=expected["input_ids"], output_hidden_states=True).hidden_states[-1]
    print("largest difference", (hidden - expected["hidden"]).abs().max().item(), "and without the adapter",
          (without - expected["hidden"]).abs().max().item())
    assert torch.allclose(hidden, expected["hidden"], rtol=1e-5, atol=1e-6)


if sys.argv[1] == "--check":
    check(Path(sys.argv[2]), Path(sys.argv[3]))
else:
    main(Path(sys.argv[1]))
