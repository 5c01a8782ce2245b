"""The paper's own implementation, timed at a workload. Its code is not part of this project: --reference, or REFERENCE_DIR, names a
checkout of github.com/tang-bd/fuse-dit.

Random weights, the language model frozen, the same shapes, texts and number of steps as `./fusedit bench` and plain.py. Everything else is
as the reference does it: texts padded to the workload's length, the language model computed with the image side in every training step,
AdamW as PyTorch gives it, bf16 by autocast over f32 weights; in sampling its cache of text keys and values, which works in f32 only. Prints
one JSON line.

    python reference.py WORKLOAD [--workloads FILE] [--reference DIR] [--dtype f32|bf16] [--steps N] [--threads N] [--device cpu|cuda]
                        [--compile]
"""
import argparse
import json
import os
import resource
import statistics
import sys
import time

import torch
from torch import nn

from workloads import BUILT_IN, cores, workload_of


def model_of(w, folder):
    """The reference's FuseDiT at a workload's shapes, its image side to be trained."""
    sys.path.insert(0, folder)
    from diffusion.configs import FuseDiTConfig
    from diffusion.models import FuseDiT
    from transformers import Gemma2Config, GemmaConfig

    lm = {name: value for name, value in w["lm"].items() if name != "type"}
    base = {"gemma": GemmaConfig, "gemma2": Gemma2Config}[w["lm"]["type"]](max_position_embeddings=1024, **lm)
    same = ("attention", "pos_embed", "timestep_conditioning", "qk_norm", "sandwich_norm", "dit_hidden_size", "dit_num_hidden_layers")
    model = FuseDiT(FuseDiTConfig(base_config=base, text_hidden_size=base.hidden_size, patch_size=2, in_channels=w["latent"][0],
                                  out_channels=w["latent"][0], **{name: w[name] for name in same}))
    model.llm.requires_grad_(False)
    model.dit.requires_grad_(True)
    return model


def texts(w, device):
    """Token ids and a mask of the real ones, both (B, padded)."""
    valid, padded = w["text"]["valid"], w["text"]["padded"]
    lengths = torch.tensor([valid[i % len(valid)] for i in range(w["batch"])])
    mask = (torch.arange(padded) < lengths[:, None]).long()
    ids = torch.randint(0, w["lm"]["vocab_size"], mask.shape) * mask
    return ids.to(device), mask.to(device)


def training(w, model, run, half, device):
    """A step as a function: forward, velocity loss, backward, clipping, AdamW."""
    ids, mask = texts(w, device)
    latents = torch.randn(w["batch"], *w["latent"], device=device)
    learned = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(model.trainable_parameters(), lr=1e-4, weight_decay=1e-4)
    model.train()

    def step():
        noise, sigma = torch.randn_like(latents), torch.rand(len(latents), 1, 1, 1, device=device)
        with torch.autocast(device, dtype=torch.bfloat16, enabled=half):
            out = run(hidden_states=(1 - sigma) * latents + sigma * noise, timestep=sigma.flatten() * 1000, input_ids=ids,
                      attention_mask=mask)[0]
        loss = (out.float() - (noise - latents)).square().mean()
        loss.backward()
        nn.utils.clip_grad_norm_(learned, w["grad_clip"])
        optimizer.step()
        optimizer.zero_grad()
        return loss.item()

    return step


def sampling(w, model, run, device):
    """A call as a function: Euler steps of diffusers' scheduler with both branches of guidance, whose texts are as long."""
    from diffusers import FlowMatchEulerDiscreteScheduler

    ids, mask = (torch.cat((each, each)) for each in texts(w, device))
    scheduler = FlowMatchEulerDiscreteScheduler(num_train_timesteps=1000, shift=3.0)
    model.eval()

    @torch.no_grad()
    def call():
        scheduler.set_timesteps(w["steps"])
        x, cache = torch.randn(w["batch"], *w["latent"], device=device), None
        for now in scheduler.timesteps:
            out, cache = run(hidden_states=torch.cat((x, x)), timestep=now.expand(len(ids)).to(device), input_ids=ids,
                             attention_mask=mask, use_cache=w["use_cache"], past_key_values=cache)
            plain, guided = out.chunk(2)
            x = scheduler.step(plain + w["guidance"] * (guided - plain), now, x, return_dict=False)[0]
        return x.abs().mean().item()

    return call


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("workload")
    ap.add_argument("--workloads", default=BUILT_IN)
    ap.add_argument("--reference", default=os.environ.get("REFERENCE_DIR"), help="a checkout of the paper's code (default: $REFERENCE_DIR)")
    ap.add_argument("--dtype", default="f32", choices=["f32", "bf16"])
    ap.add_argument("--steps", type=int, default=5)
    ap.add_argument("--threads", type=int, default=cores())
    ap.add_argument("--device", default="cpu")
    ap.add_argument("--compile", action="store_true")
    a = ap.parse_args()
    if not a.reference or not os.path.isfile(os.path.join(a.reference, "diffusion", "models.py")):
        sys.exit("reference.py: --reference or REFERENCE_DIR must name a checkout of github.com/tang-bd/fuse-dit, got %s" % a.reference)
    w = workload_of(a.workloads, a.workload)
    trains, half = w["kind"] == "train", a.dtype == "bf16"
    if half and not trains:
        sys.exit("reference.py: the reference samples in f32 only: with its cache it mixes f32 and bf16")
    torch.set_num_threads(a.threads)
    torch.manual_seed(0)
    model = model_of(w, a.reference).to(a.device)
    run = torch.compile(model) if a.compile else model
    repeat = training(w, model, run, half, a.device) if trains else sampling(w, model, run, a.device)
    wait = torch.cuda.synchronize if a.device == "cuda" else lambda: None
    warm_up = 3 if a.compile else 2 if trains else 1
    times, values = [], []
    for i in range(a.steps + warm_up):
        wait()
        start = time.perf_counter()
        value = repeat()
        wait()
        if i >= warm_up:
            times.append(time.perf_counter() - start)
            values.append(value)
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    peak = torch.cuda.max_memory_allocated() / 2**20 if a.device == "cuda" else resident
    print(json.dumps({"system": "reference" + ("+compile" if a.compile else ""), "workload": a.workload, "dtype": a.dtype,
                      "device": a.device, "threads": a.threads, "unit": "s/step" if trains else "s/call",
                      "median": statistics.median(times), "min": min(times), "peak_mib": round(peak), "runs": len(times), "value": values[-1]}))


if __name__ == "__main__":
    main()
