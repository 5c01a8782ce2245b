"""What the golden generators share: random weights and the three files of a case."""
import json
from pathlib import Path

import torch
from safetensors.torch import save_file


@torch.no_grad()
def randomise(model, ones=lambda name: False):
    """Matrices N(0, 1/fan_in), vectors (1 or 0) + 0.2 N(0, 1), so that no initial zero hides a fault."""
    for name, value in model.named_parameters():
        if value.dim() > 1:
            value.normal_(0, value[0].numel() ** -0.5)
        else:
            value.normal_(0, 0.2).add_(1 if ones(name) else 0)
    return model.eval()


def save(folder, config, tensors, weights=None):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    whole = lambda all: {k: v.detach().contiguous().clone() for k, v in all.items()}
    save_file(whole(tensors), folder / "io.safetensors")
    if weights is not None:
        save_file(whole(weights), folder / "weights.safetensors")
    print(folder)
