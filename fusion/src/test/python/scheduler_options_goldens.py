"""Golden noise levels of diffusers' FlowMatchEulerDiscreteScheduler with every field of its configuration that changes numbers, and of
FLUX's rule for dynamic shifting: python scheduler_options_goldens.py src/test/resources/goldens/scheduler_options

Made with diffusers 0.32.0. Under "schedulers" of config.json each has a name, its scheduler_config.json, and for dynamic shifting the
pictures' numbers of tokens. Keys: NAME.train.{sigmas,timesteps}, NAME[.tokensT].inferN.{sigmas,timesteps}, NAME[.tokensT].step.{x0,vI,xI};
with "even" the levels linspace(1, 1/N, N) are given, as FLUX's pipeline does.
"""
import json
import sys
from pathlib import Path

import numpy as np
import torch
from diffusers import FlowMatchEulerDiscreteScheduler
from diffusers.pipelines.flux.pipeline_flux import calculate_shift
from safetensors.torch import save_file

DYNAMIC = {"use_dynamic_shifting": True}
CASES = {
    "plain": {"shift": 2.5},
    "few": {"shift": 3.0, "num_train_timesteps": 250},
    "dynamic": DYNAMIC | {"base_shift": 0.5, "max_shift": 1.15, "base_image_seq_len": 256, "max_image_seq_len": 4096},
    "dynamic_other": DYNAMIC | {"shift": 3.0, "base_shift": 0.25, "max_shift": 2.0, "base_image_seq_len": 64, "max_image_seq_len": 1024},
    "dynamic_even": DYNAMIC,
    "even": {"shift": 3.0},
    "inverted": {"shift": 3.0, "invert_sigmas": True},
    "karras": {"shift": 3.0, "use_karras_sigmas": True},
    "exponential": {"shift": 1.5, "use_exponential_sigmas": True},
    "terminal": {"shift": 2.0, "shift_terminal": 0.1},
    "dynamic_all": DYNAMIC | {"shift_terminal": 0.05, "use_karras_sigmas": True, "invert_sigmas": True},
}
TOKENS = [16, 256, 1000, 4096]
STEPS = [1, 2, 10, 28]


def levels(scheduler, steps, tokens, even):
    c = scheduler.config
    mu = None
    if tokens:
        mu = calculate_shift(tokens, c.base_image_seq_len, c.max_image_seq_len, c.base_shift, c.max_shift)
    if even:
        scheduler.set_timesteps(sigmas=np.linspace(1.0, 1 / steps, steps), mu=mu)
    else:
        scheduler.set_timesteps(steps, mu=mu)


def main(folder):
    torch.manual_seed(5)
    tensors, schedulers = {}, []
    for name, fields in CASES.items():
        even, dynamic = name.endswith("even"), fields.get("use_dynamic_shifting", False)
        sizes = TOKENS if dynamic else [None]
        config = {key: value for key, value in FlowMatchEulerDiscreteScheduler(**fields).config.items() if key[0] != "_"}
        schedulers.append({"name": name, "config": config | ({"spacing": "even"} if even else {}), "tokens": [t for t in sizes if t]})
        fresh = FlowMatchEulerDiscreteScheduler(**fields)
        tensors[f"{name}.train.sigmas"] = fresh.sigmas.clone()
        tensors[f"{name}.train.timesteps"] = fresh.timesteps.clone()
        for tokens in sizes:
            prefix = name + (f".tokens{tokens}" if tokens else "")
            for steps in STEPS:
                if steps == 1 and config["shift_terminal"]:
                    continue  # a division of 0 by 0 there
                scheduler = FlowMatchEulerDiscreteScheduler(**fields)
                levels(scheduler, steps, tokens, even)
                tensors[f"{prefix}.infer{steps}.sigmas"] = scheduler.sigmas.clone()
                tensors[f"{prefix}.infer{steps}.timesteps"] = scheduler.timesteps.clone()
            scheduler = FlowMatchEulerDiscreteScheduler(**fields)
            levels(scheduler, 4, tokens, even)
            x = torch.randn(2, 3)
            tensors[f"{prefix}.step.x0"] = x
            for i, time in enumerate(scheduler.timesteps):
                velocity = torch.randn(2, 3)
                x = scheduler.step(velocity, time, x).prev_sample
                tensors[f"{prefix}.step.v{i}"], tensors[f"{prefix}.step.x{i + 1}"] = velocity, x
    Path(folder).mkdir(parents=True, exist_ok=True)
    save_file({name: value.contiguous() for name, value in tensors.items()}, Path(folder) / "io.safetensors")
    (Path(folder) / "config.json").write_text(json.dumps({"inference_steps": STEPS, "schedulers": schedulers}, indent=1) + "\n")


main(sys.argv[1])
