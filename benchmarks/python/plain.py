"""The fused transformer in plain, well-written PyTorch, timed at a workload: what a careful Python program reaches.

Text once a batch and without padding beyond the longest prompt, no square masks, fused kernels of PyTorch (rms_norm, scaled_dot_product_attention,
AdamW), bf16 as f32 weights under autocast in training and as bf16 weights in sampling. Prints one JSON line.

    python plain.py WORKLOAD [--workloads FILE] [--dtype f32|bf16] [--steps N] [--threads N] [--device cpu|cuda] [--compile]
"""
import argparse
import json
import math
import resource
import statistics
import time

import torch
import torch.nn.functional as F
from torch import nn

from workloads import BUILT_IN, cores, workload_of


class Norm(nn.Module):
    """Gemma's: x / rms(x) * (1 + weight), f32 inside."""

    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(width))

    def forward(self, x, scale=None, shift=None):
        gain = 1 + self.weight if scale is None else (1 + self.weight) * (1 + scale)
        x = F.rms_norm(x, x.shape[-1:], eps=1e-6) * gain.to(x.dtype)
        return x if shift is None else x + shift


class Mlp(nn.Module):
    def __init__(self, width, inner):
        super().__init__()
        self.gate_proj, self.up_proj = nn.Linear(width, inner, bias=False), nn.Linear(width, inner, bias=False)
        self.down_proj = nn.Linear(inner, width, bias=False)

    def forward(self, x):
        return self.down_proj(F.gelu(self.gate_proj(x), approximate="tanh") * self.up_proj(x))


def turned(x, cos, sin):
    left, right = x.chunk(2, -1)
    return x * cos + torch.cat((-right, left), -1) * sin


class Layer(nn.Module):
    """Projections, norms and MLP of one layer, of the language model or of the image side."""

    def __init__(self, c, width, inner, image):
        super().__init__()
        self.heads, self.kv, self.dim = c["num_attention_heads"], c["num_key_value_heads"], c["head_dim"]
        self.q_proj = nn.Linear(width, self.heads * self.dim, bias=False)
        self.k_proj, self.v_proj = (nn.Linear(width, self.kv * self.dim, bias=False) for _ in range(2))
        self.o_proj = nn.Linear(self.heads * self.dim, width, bias=False)
        self.sandwich = c["sandwich"] if image else c["type"] == "gemma2"
        self.input, self.post = Norm(width), Norm(width)
        if self.sandwich:
            self.pre_mlp, self.post_mlp = Norm(width), Norm(width)
        self.mlp = Mlp(width, inner)
        self.q_norm, self.k_norm = (Norm(self.dim), Norm(self.dim)) if image and c["qk_norm"] else (None, None)

    def split(self, x, heads):
        return x.unflatten(-1, (heads, self.dim)).transpose(1, 2)

    def keys_values(self, x):
        k = self.split(self.k_proj(x), self.kv)
        return k if self.k_norm is None else self.k_norm(k), self.split(self.v_proj(x), self.kv)

    def queries(self, x):
        q = self.split(self.q_proj(x), self.heads)
        return q if self.q_norm is None else self.q_norm(q)

    def attend(self, q, k, v, mask=None, causal=False):
        out = F.scaled_dot_product_attention(q, k, v, mask, is_causal=causal, enable_gqa=self.kv != self.heads)
        return self.o_proj(out.transpose(1, 2).flatten(2))


class Text(Layer):
    def forward(self, x, cos, sin, more, rotated):
        h = self.input(x)
        k, v = self.keys_values(h)
        kr = turned(k, cos, sin)
        if not more:
            return None, (kr if rotated else k, v)
        out = self.attend(turned(self.queries(h), cos, sin), kr, v, causal=True)
        if self.sandwich:
            x = x + self.post(out)
            x = x + self.post_mlp(self.mlp(self.pre_mlp(x)))
        else:
            x = x + out
            x = x + self.mlp(self.post(x))
        return x, (kr if rotated else k, v)


class Image(Layer):
    def __init__(self, c, width, inner):
        super().__init__(c, width, inner, True)
        self.time, self.cross = c["time"], c["cross"]
        if self.time == "adaln-zero":
            self.modulation = nn.Linear(width, 6 * width)
        elif self.time == "adaln-single":
            self.table = nn.Parameter(torch.randn(6 * width) / math.sqrt(width))
        if self.cross:
            self.cross_q, self.cross_o = nn.Linear(width, self.heads * self.dim, bias=False), nn.Linear(self.heads * self.dim, width, bias=False)
            self.cross_norm = Norm(self.dim)

    def forward(self, x, time, text, turn, mask):
        if self.time == "adaln-zero":
            mod = self.modulation(time).unsqueeze(1).chunk(6, -1)
        elif self.time == "adaln-single":
            mod = (self.table + time).unsqueeze(1).chunk(6, -1)
        else:
            mod = (None,) * 6
        h = self.input(x, mod[1], mod[0])
        q, (k, v) = self.queries(h), self.keys_values(h)
        if turn is not None:
            q, k = turned(q, *turn), turned(k, *turn)
        if not self.cross:
            k, v = torch.cat((text[0].to(k.dtype), k), 2), torch.cat((text[1].to(v.dtype), v), 2)
        out = self.attend(q, k, v, None if self.cross else mask)
        if self.sandwich:
            out = self.post(out)
        x = x + (out if mod[2] is None else out * mod[2])
        if self.cross:
            q = self.cross_norm(self.split(self.cross_q(x), self.heads))
            out = F.scaled_dot_product_attention(q, text[0].to(q.dtype), text[1].to(q.dtype), mask, enable_gqa=self.kv != self.heads)
            x = x + self.cross_o(out.transpose(1, 2).flatten(2))
        out = self.mlp((self.pre_mlp if self.sandwich else self.post)(x, mod[4], mod[3]))
        if self.sandwich:
            out = self.post_mlp(out)
        return x + (out if mod[5] is None else out * mod[5])


class Fused(nn.Module):
    def __init__(self, w):
        super().__init__()
        lm = w["lm"]
        c = dict(lm, qk_norm=w["qk_norm"], sandwich=w["sandwich_norm"], time=w["timestep_conditioning"], cross=w["attention"] == "cross")
        self.c, self.rotary, width = c, w["pos_embed"] != "ape", w["dit_hidden_size"]
        self.channels, self.rows, self.columns = w["latent"]
        self.embed = nn.Embedding(lm["vocab_size"], lm["hidden_size"])
        self.text = nn.ModuleList(Text(c, lm["hidden_size"], lm["intermediate_size"], False) for _ in range(w["dit_num_hidden_layers"]))
        self.image = nn.ModuleList(Image(c, width, lm["intermediate_size"]) for _ in range(w["dit_num_hidden_layers"]))
        self.patch = nn.Linear(4 * self.channels, width)
        self.norm, self.out = Norm(width), nn.Linear(width, 4 * self.channels)
        if c["time"]:
            self.time = nn.Sequential(nn.Linear(256, width), nn.SiLU(), nn.Linear(width, width))
        if c["time"] == "adaln-zero":
            self.last = nn.Linear(width, 2 * width)
        elif c["time"] == "adaln-single":
            self.block, self.last = nn.Linear(width, 6 * width), nn.Parameter(torch.randn(2 * width) / math.sqrt(width))
        if not self.rotary:
            self.register_buffer("positions", torch.randn(1, self.rows // 2 * (self.columns // 2), width))

    def angles(self, places, dim):
        return places[..., None] * 10_000 ** (-torch.arange(0, dim, 2, device=places.device) / dim)

    def read(self, ids, lengths):
        """Keys and values of each layer, with what is needed beside them; no gradient."""
        with torch.no_grad():
            x = self.embed(ids) * math.sqrt(self.c["hidden_size"])
            angle = self.angles(torch.arange(ids.shape[1], device=ids.device).float(), self.c["head_dim"]).repeat(1, 2)
            cos, sin = angle.cos().to(x.dtype), angle.sin().to(x.dtype)
            kept = []
            for i, layer in enumerate(self.text):
                x, pair = layer(x, cos, sin, i + 1 < len(self.text), not self.c["cross"])
                kept.append(pair)
            rows, columns = self.rows // 2, self.columns // 2
            tokens = 0 if self.c["cross"] else rows * columns
            seen = torch.arange(ids.shape[1], device=ids.device) < lengths[:, None]
            mask = torch.cat((seen, seen.new_ones(len(ids), tokens)), 1)[:, None, None]
            turn = None
            if self.rotary:
                grid = torch.stack(torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")).flatten(1).float().to(ids.device)
                places = grid[:, None] + lengths[None, :, None]
                half = self.angles(places, self.c["head_dim"] // 2)
                angle = torch.cat((half[0], half[1]), -1).repeat(1, 1, 2)[:, None]
                dtype = self.patch.weight.dtype
                turn = angle.cos().to(dtype), angle.sin().to(dtype)
            return kept, mask.expand(-1, 1, rows * columns, -1), turn

    def forward(self, x, t, text):
        kept, mask, turn = text
        b, dtype = len(x), x.dtype
        x = x.unflatten(3, (-1, 2)).unflatten(2, (-1, 2)).permute(0, 2, 4, 1, 3, 5).flatten(3).flatten(1, 2)
        x = self.patch(x.to(self.patch.weight.dtype))
        if not self.rotary:
            x = x + self.positions
        time = vector = None
        if self.c["time"]:
            waves = t[:, None] * torch.exp(-math.log(10_000) * torch.arange(128, device=t.device) / 128)
            vector = self.time(torch.cat((waves.cos(), waves.sin()), -1).to(self.patch.weight.dtype))
            time = F.silu(vector) if self.c["time"] == "adaln-zero" else self.block(F.silu(vector))
        for layer, pair in zip(self.image, kept):
            x = layer(x, time, pair, turn, mask)
        if self.c["time"] == "adaln-zero":
            scale, shift = self.last(time).unsqueeze(1).chunk(2, -1)
            x = self.norm(x, scale, shift)
        elif self.c["time"] == "adaln-single":
            shift, scale = (self.last + vector.repeat(1, 2)).unsqueeze(1).chunk(2, -1)
            x = self.norm(x) * (1 + scale) + shift
        else:
            x = self.norm(x)
        x = self.out(x).to(dtype).view(b, self.rows // 2, self.columns // 2, 2, 2, self.channels)
        return x.permute(0, 5, 1, 3, 2, 4).reshape(b, self.channels, self.rows, self.columns)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("workload")
    ap.add_argument("--workloads", default=BUILT_IN)
    ap.add_argument("--dtype", default="f32", choices=["f32", "bf16"])
    ap.add_argument("--steps", type=int, default=5)
    ap.add_argument("--threads", type=int, default=cores())
    ap.add_argument("--device", default="cpu")
    ap.add_argument("--compile", action="store_true")
    a = ap.parse_args()
    torch.set_num_threads(a.threads)
    torch.manual_seed(0)
    w = workload_of(a.workloads, a.workload)
    model = Fused(w)
    for parameter in model.parameters():
        if not parameter.any():
            nn.init.normal_(parameter, std=0.02)
    for module in (model.embed, model.text):
        module.requires_grad_(False)
    trains, half = w["kind"] == "train", a.dtype == "bf16"
    model = model.to(a.device, torch.bfloat16 if half and not trains else torch.float32)
    if half and trains:
        model.text.to(torch.bfloat16), model.embed.to(torch.bfloat16)
    b, valid = w["batch"], w["text"]["valid"]
    lengths = torch.tensor([valid[i % len(valid)] for i in range(b)], device=a.device)
    ids = torch.randint(0, w["lm"]["vocab_size"], (b, int(lengths.max())), device=a.device)
    latents = torch.randn(b, *w["latent"], device=a.device)
    run = torch.compile(model) if a.compile else model
    wait = torch.cuda.synchronize if a.device == "cuda" else lambda: None
    times, values = [], []
    amp = torch.autocast(a.device, dtype=torch.bfloat16, enabled=half and trains)
    learned = [p for p in model.parameters() if p.requires_grad]
    if trains:
        optimizer = torch.optim.AdamW(learned, lr=1e-4, weight_decay=1e-4, fused=True)

    def train():
        noise, sigma = torch.randn_like(latents), torch.rand(b, 1, 1, 1, device=a.device)
        with amp:
            out = run((1 - sigma) * latents + sigma * noise, sigma.flatten() * 1000, model.read(ids, lengths))
        loss = (out.float() - (noise - latents)).square().mean()
        loss.backward()
        nn.utils.clip_grad_norm_(learned, w["grad_clip"])
        optimizer.step()
        optimizer.zero_grad()
        return loss.item()

    @torch.no_grad()
    def sample():
        x, text = torch.randn_like(latents), model.read(torch.cat((ids, ids)), torch.cat((lengths, lengths)))
        sigmas = torch.linspace(1, 0, w["steps"] + 1)
        sigmas = 3 * sigmas / (1 + 2 * sigmas)
        for now, then in zip(sigmas[:-1], sigmas[1:]):
            plain, guided = run(torch.cat((x, x)), (now * 1000).expand(2 * b).to(a.device), text).chunk(2)
            x = x + (plain + w["guidance"] * (guided - plain)) * (then - now)
        return x.abs().mean().item()

    warm_up = 3 if a.compile else 2 if trains else 1
    for i in range(a.steps + warm_up):
        wait()
        start = time.perf_counter()
        value = train() if trains else sample()
        wait()
        if i >= warm_up:
            times.append(time.perf_counter() - start)
            values.append(value)
    peak = torch.cuda.max_memory_allocated() / 2**20 if a.device == "cuda" else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"system": "plain" + ("+compile" if a.compile else ""), "workload": a.workload, "dtype": a.dtype, "device": a.device,
                      "threads": a.threads, "unit": "s/step" if trains else "s/call", "median": statistics.median(times), "min": min(times),
                      "peak_mib": round(peak), "runs": len(times), "value": values[-1]}))


if __name__ == "__main__":
    main()
