"""Golden numbers of DINOv2 from transformers' classes with random weights: python dinov2_goldens.py FOLDER

Made with torch 2.10 and transformers 4.57.1. Three tiny models: plain, with registers, with the gated MLP of the giant one. Matrices are
N(0, 1/fan_in), vectors (1 or 0) + 0.2 N(0, 1), so that no initial zero or tiny layer scale hides a fault.
"""
import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import Dinov2Config, Dinov2Model, Dinov2WithRegistersConfig, Dinov2WithRegistersModel

SIZES = dict(hidden_size=32, num_hidden_layers=3, num_attention_heads=4, mlp_ratio=2, image_size=28, patch_size=7, layer_norm_eps=1e-6)
CASES = {
    "plain": (Dinov2Model, Dinov2Config(**SIZES)),
    "registers": (Dinov2WithRegistersModel, Dinov2WithRegistersConfig(**SIZES, num_register_tokens=3)),
    "gated": (Dinov2Model, Dinov2Config(**SIZES, use_swiglu_ffn=True)),
}
PICTURES = {"trained": (2, 3, 28, 28), "larger": (1, 3, 42, 63), "smaller": (1, 3, 21, 14), "same_count": (1, 3, 14, 56), "odd": (1, 3, 30, 36)}


@torch.no_grad()
def main(folder):
    for seed, (name, (kind, config)) in enumerate(CASES.items()):
        torch.manual_seed(100 + seed)
        model = kind(config).eval()
        for key, value in model.named_parameters():
            if value.dim() > 1 and "token" not in key and "position" not in key:
                value.normal_(0, value[0].numel() ** -0.5)
            else:
                one = key.endswith("lambda1") or ("norm" in key and key.endswith("weight"))
                value.normal_(0, 0.2).add_(1 if one else 0)
        tensors = {}
        for picture, shape in PICTURES.items():
            pixels = torch.randn(shape)
            output = model(pixels, output_hidden_states=True)
            tensors[f"{picture}.pixel_values"] = pixels
            tensors[f"{picture}.last_hidden_state"] = output.last_hidden_state.clone()
            tensors[f"{picture}.pooled"] = output.pooler_output.clone()
            for i, state in enumerate(output.hidden_states):
                tensors[f"{picture}.hidden_states.{i}"] = state.clone()
        case = Path(folder) / name
        case.mkdir(parents=True, exist_ok=True)
        save_file(model.state_dict(), case / "weights.safetensors")
        save_file(tensors, case / "io.safetensors")
        (case / "config.json").write_text(json.dumps(config.to_diff_dict() | SIZES, indent=1) + "\n")


main(sys.argv[1])
