"""What transformers computes in bf16 from the weights of the golden cases of DINOv2 and CLIP's text side, as bf16.safetensors beside them:
python bf16_goldens.py src/test/resources/goldens

Made with torch 2.10 and transformers 4.57.1, eager attention, weights and inputs in bf16; outputs are stored in f32. (4.43.3 resizes DINOv2's
positions by another rule.)
"""
import json
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from transformers import CLIPTextConfig, CLIPTextModelWithProjection, Dinov2Config, Dinov2Model, Dinov2WithRegistersConfig, Dinov2WithRegistersModel


def loaded(kind, config, case):
    model = kind._from_config(config, attn_implementation="eager")
    model.load_state_dict(load_file(case / "weights.safetensors"))
    return model.eval().to(torch.bfloat16)


@torch.no_grad()
def main(folder):
    for name in ("plain", "gated", "registers"):
        case = Path(folder) / "dinov2" / name
        kind, config = (Dinov2WithRegistersModel, Dinov2WithRegistersConfig) if name == "registers" else (Dinov2Model, Dinov2Config)
        io, tensors = load_file(case / "io.safetensors"), {}
        model = loaded(kind, config(**json.loads((case / "config.json").read_text())), case)
        for key in sorted(key for key in io if key.endswith(".pixel_values")):
            output = model(io[key].to(torch.bfloat16))
            tensors[key.replace("pixel_values", "last_hidden_state")] = output.last_hidden_state.float()
        save_file(tensors, case / "bf16.safetensors")
    for case in sorted((Path(folder) / "clip").iterdir()):
        io = load_file(case / "io.safetensors")
        model = loaded(CLIPTextModelWithProjection, CLIPTextConfig(**json.loads((case / "config.json").read_text())), case)
        output = model(io["input_ids"])
        save_file({"nomask.last_hidden_state": output.last_hidden_state.float(), "nomask.text_embeds": output.text_embeds.float()},
                  case / "bf16.safetensors")


main(sys.argv[1])
