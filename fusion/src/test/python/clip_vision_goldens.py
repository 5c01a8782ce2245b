"""Golden cases of CLIP's image side from transformers' class: python clip_vision_goldens.py FOLDER (transformers 4.43.3, torch 2.10, CPU)

Also, per case, what the library's image processor makes of an uneven image: resized by its short side (bicubic), the middle cut out.
"""
import sys

import numpy as np
import torch
from PIL import Image
from transformers import CLIPImageProcessor, CLIPVisionConfig, CLIPVisionModelWithProjection

from tiny import randomise, save

USUAL = dict(hidden_size=32, intermediate_size=48, projection_dim=20, num_hidden_layers=3, num_attention_heads=4, image_size=28, patch_size=7)
CASES = {"quick_gelu": dict(hidden_act="quick_gelu"), "gelu": dict(hidden_act="gelu", num_attention_heads=2, layer_norm_eps=1e-3)}
SAID = USUAL.keys() | {"hidden_act", "layer_norm_eps", "model_type", "num_channels"}


@torch.no_grad()
def main(folder):
    for seed, (name, change) in enumerate(CASES.items()):
        torch.manual_seed(700 + seed)
        config = CLIPVisionConfig(**(USUAL | change))
        model = randomise(CLIPVisionModelWithProjection(config), lambda key: "norm" in key and key.endswith("weight"))
        file = np.random.default_rng(seed).integers(0, 256, (37, 53, 3), dtype=np.uint8)
        processor = CLIPImageProcessor(size={"shortest_edge": 28}, crop_size=28)
        pixels = processor(Image.fromarray(file), return_tensors="pt").pixel_values
        inputs = torch.cat([pixels, torch.randn(2, 3, 28, 28)])
        out = model(inputs, output_hidden_states=True)
        pooled = model.vision_model(inputs).pooler_output
        io = {"image_u8": torch.from_numpy(file), "pixel_values": inputs, "last_hidden_state": out.last_hidden_state, "pooled": pooled,
              "image_embeds": out.image_embeds}
        io |= {f"hidden_states.{i}": state for i, state in enumerate(out.hidden_states)}
        save(f"{folder}/{name}", {k: v for k, v in config.to_dict().items() if k in SAID}, io, model.state_dict())


main(sys.argv[1])
