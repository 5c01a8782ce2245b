"""Does every expected number count? python change_goldens.py GOLDENS WORK COMMAND... [--rounds N]

Copies the golden cases to WORK with one number of every expected tensor, and of every expected number list in JSON, changed by far more than its
tolerance; runs COMMAND (`./fusedit parity`) over them and prints the changed ones that it does not name as beyond its tolerance. None should be left,
but for states of padding that no real token and no window reaches.
"""
import json
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file

INPUTS = {
    "transformer": r"(?!)", "tables": r"mask\.prompt|rotary\.positions|rms_norm\.(in|weight)|time_proj\.in|unpatchify\.in|weighting\.sigmas",
    "vae": r"\d+\.(image|noise)", "clip": "input_ids|attention_mask", "llm": "input_ids|attention_mask", "scheduler": r"shift[\d.]+\.step\.(x0|v\d+)",
    "pipeline": r"initial_latents|nocache\.clip_input_ids", "train_step": "pixel_values|input_ids|attention_mask", "image": r"(?!)", "checkpoints": r"(?!)",
    "metrics": r"(?!mu|sigma).*"}


def changed(value, rng, place):
    flat = value.clone().reshape(-1)
    if not flat.numel():
        return value, None
    at = rng.randrange(flat.numel()) if place is None else place % flat.numel()
    if flat.dtype == torch.bool:
        flat[at] = ~flat[at]
    elif flat.dtype == torch.uint8:
        flat[at] = (int(flat[at]) + 100) % 256
    elif flat.is_floating_point():
        flat[at] = flat[at] * 1.5 + max(1.0, float(flat.abs().max()) if torch.isfinite(flat).all() else 1.0)
    else:
        flat[at] = flat[at] + 3
    return flat.reshape(value.shape), at


def change_tensors(path, kind, rng, place, done):
    with safe_open(path, "pt") as file:
        tensors, facts = {k: file.get_tensor(k) for k in file.keys()}, file.metadata()
    for name in tensors:
        if not re.fullmatch(INPUTS[kind], name):
            tensors[name], at = changed(tensors[name], rng, place)
            if at is not None:
                done.append((name, at))
    save_file(tensors, path, metadata=facts)


def main(goldens, work, *command):
    rounds = [0, -1] + [None] * 3
    missed = {}
    for seed, place in enumerate(rounds):
        rng = random.Random(seed)
        folder = Path(work) / str(seed)
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(goldens, folder)
        done = {}
        for path in sorted(folder.rglob("*.safetensors")):
            case, suite = path.parent, path.relative_to(folder).parts[0]
            if path.name not in ("expected.safetensors", "features.safetensors", "train_step.safetensors") and not path.name.startswith("io"):
                continue
            kind = "train_step" if path.name == "train_step.safetensors" else "tables" if case.name == "tables" else suite
            if "corrupt" in path.parts or kind not in INPUTS:
                continue
            here = done.setdefault(case.name, [])
            part = path.stem + ": " if suite == "pipeline" else ""
            names = []
            change_tensors(path, kind, rng, place, names)
            here += [(part + name, at) for name, at in names]
        output = subprocess.run([*command, str(folder)], capture_output=True, text=True).stdout
        for line in output.splitlines():
            case = line.split()[0]
            if case in done:
                named = set(re.split(r", |tolerances: | at ", line))
                for name, at in done[case]:
                    if name not in named:
                        missed.setdefault((case, name), []).append(at)
                if "skipped" in line:
                    print(line[:300])
                    break_out = done.pop(case)
                    for name, _ in break_out:
                        missed.pop((case, name), None)
        shutil.rmtree(folder)
    for (case, name), places in sorted(missed.items()):
        print(f"{case}: {name} changed at {places} was not noticed")
    print(len(missed), "expected tensors were changed without being noticed at least once")


main(*sys.argv[1:])
