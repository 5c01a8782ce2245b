"""Golden cases of AutoencoderKL from diffusers' class: python vae_goldens.py FOLDER (diffusers 0.32.0, torch 2.10, CPU)

Channels, levels, layers, groups, quant convolutions, attention and shift as the published cases do not have them.
"""
import sys

import torch
from diffusers import AutoencoderKL

from tiny import randomise, save

CASES = {
    "two-levels": (dict(block_out_channels=[8, 16], norm_num_groups=4, latent_channels=4), [(2, 3, 10, 6), (1, 3, 7, 9)]),
    "one-level": (dict(block_out_channels=[12], norm_num_groups=3, latent_channels=2, layers_per_block=1), [(1, 3, 5, 4)]),
    "no-attention": (dict(block_out_channels=[8, 8, 16], mid_block_add_attention=False, norm_num_groups=8, latent_channels=8), [(1, 3, 16, 24)]),
    "three-layers": (dict(block_out_channels=[16, 8], layers_per_block=3, norm_num_groups=2), [(1, 3, 8, 8), (3, 3, 4, 4)]),
    "quant-only": (dict(block_out_channels=[8, 16], norm_num_groups=8, use_post_quant_conv=False, shift_factor=0.4), [(1, 3, 8, 6)]),
    "post-quant-only": (dict(block_out_channels=[8, 16], norm_num_groups=8, use_quant_conv=False, shift_factor=None, scaling_factor=2.5), [(1, 3, 8, 6)]),
    "grey": (dict(in_channels=1, out_channels=1, block_out_channels=[8, 16], norm_num_groups=8, latent_channels=3), [(2, 1, 8, 6)]),
    "four-to-five": (dict(in_channels=4, out_channels=5, block_out_channels=[8, 24, 8, 8], norm_num_groups=4, layers_per_block=2), [(1, 4, 17, 31)]),
    "swish": (dict(block_out_channels=[8, 16], norm_num_groups=8, act_fn="swish", force_upcast=False), [(1, 3, 8, 6)]),
    "flux": (dict(block_out_channels=[8, 8, 8, 8], norm_num_groups=4, latent_channels=16, scaling_factor=0.3611, shift_factor=0.1159, use_quant_conv=False,
                  use_post_quant_conv=False), [(1, 3, 16, 8)]),
}


@torch.no_grad()
def main(folder):
    for seed, (name, (config, shapes)) in enumerate(CASES.items()):
        torch.manual_seed(300 + seed)
        levels = len(config["block_out_channels"])
        model = AutoencoderKL(**config, down_block_types=["DownEncoderBlock2D"] * levels, up_block_types=["UpDecoderBlock2D"] * levels)
        randomise(model, lambda key: "norm" in key and key.endswith("weight"))
        io, shift = {}, config.get("shift_factor") or 0
        for i, shape in enumerate(shapes):
            image = torch.rand(shape) * 2 - 1
            hooks = stages(model, io, f"{i}.stage.") if i == 0 else []
            posterior = model.encode(image).latent_dist
            noise = torch.randn_like(posterior.mean)
            sample = posterior.mean + torch.exp(0.5 * posterior.logvar) * noise
            scaled = (sample - shift) * model.config.scaling_factor
            decoded = model.decode(scaled / model.config.scaling_factor + shift).sample
            for hook in hooks:
                hook.remove()
            io.update({f"{i}.image": image, f"{i}.parameters": posterior.parameters, f"{i}.mean": posterior.mean, f"{i}.logvar": posterior.logvar,
                       f"{i}.noise": noise, f"{i}.sample": sample, f"{i}.scaled_latents": scaled, f"{i}.decoded": decoded})
        save(f"{folder}/{name}", dict(model.config) | {"_class_name": "AutoencoderKL"}, io, model.state_dict())


def stages(model, io, prefix):
    hooks = []
    for side, half in (("encoder", model.encoder), ("decoder", model.decoder)):
        parts = {"conv_in": half.conv_in, "mid_block": half.mid_block, "conv_norm_out": half.conv_norm_out, "conv_out": half.conv_out}
        parts |= {f"blocks.{k}": block for k, block in enumerate(half.down_blocks if side == "encoder" else half.up_blocks)}
        for name, part in parts.items():
            hooks.append(part.register_forward_hook(lambda m, a, out, key=f"{prefix}{side}.{name}": io.__setitem__(key, out.clone())))
    return hooks


main(sys.argv[1])
