"""Golden cases of the fused transformer and the baselines, made by the paper's public reference: python transformer_goldens.py REFERENCE FOLDER [NAME ...]
or python transformer_goldens.py REFERENCE FOLDER --random COUNT --seed SEED

REFERENCE is a checkout of that repository. The format is that of transformer/ in the goldens' README; models are tiny and random. NAMED has the
combinations that the published cases lack; with --random, options are drawn, and a combination that the reference itself cannot run is left out.
Every number is computed a second time in float64. Where the two differ by more than a quarter of the recommended tolerance, rounding alone moves the
number (a gradient that is zero but for rounding, and what AdamW makes of it), and it is left out.
Made for torch 2.10, transformers 4.43.3, diffusers 0.32.0 on a CPU.
"""
import argparse
import copy
import json
import random
import re
import sys
from pathlib import Path

import torch
from diffusers import FlowMatchEulerDiscreteScheduler
from diffusers.training_utils import compute_loss_weighting_for_sd3
from safetensors.torch import save_file
from transformers import Gemma2Config, Gemma2Model, GemmaConfig, GemmaModel

OPTIMIZER = {"name": "AdamW", "lr": 1e-3, "weight_decay": 1e-4, "betas": [0.9, 0.999], "eps": 1e-8}
TRAINING = {"scheduler_shift": 3.0, "num_train_timesteps": 1000, "weighting_scheme": "logit_normal", "optimizer": OPTIMIZER,
            "gradient_clipping": 1.0, "ema_decay": 0.99, "steps": 3}
USUAL = dict(kind="FuseDiT", llm="gemma", attention="self", pos="ape", time="adaln-zero", qk_norm=True, sandwich=False, width=32, dit_width=None, inner=48,
             layers=2, dit_layers=None, initial=0, shared="all", heads=4, kv=1, head_dim=16, patch=2, channels=16, out_channels=None, side=(6, 8), batch=2,
             prompt=10, lengths=None, table=8, sample=12, pooled=None, bias=False, activation="gelu_pytorch_tanh", eps=1e-6, theta=10000.0, index=-1,
             text_width=None, taps=True, train_llm=False, bf16=False, leftpad=False, weightings=False, pad=0)
NAMED = {
    "cross-2d-rope": dict(attention="cross", pos="2d-rope"),
    "cross-m-rope-sandwich": dict(attention="cross", pos="m-rope", sandwich=True),
    "cross-gemma2-single": dict(attention="cross", llm="gemma2", kv=2, time="adaln-single", train_llm=True),
    "single-2d-sandwich": dict(time="adaln-single", pos="2d-rope", sandwich=True, kv=4),
    "gemma2-m-rope": dict(llm="gemma2", pos="m-rope", kv=2, train_llm=True, leftpad=True),
    "gemma2-1d-addition": dict(llm="gemma2", pos="1d-rope", kv=2, time="addition", bf16=True),
    "clip-single": dict(time="adaln-single", pooled=20),
    "clip-addition": dict(time="addition", pooled=12, pos="m-rope"),
    "clip-none": dict(time=None, pooled=12),
    "m-rope-12": dict(pos="m-rope", head_dim=12, heads=6, kv=2, width=36),
    "m-rope-6": dict(pos="m-rope", head_dim=6, heads=6, kv=3, width=36),
    "m-rope-10": dict(pos="m-rope", head_dim=10, heads=2, kv=1),
    "2d-rope-20": dict(pos="2d-rope", head_dim=20, heads=3, kv=3, width=36),
    "head-8": dict(head_dim=8, kv=4, pos="1d-rope"),
    "patch-1-odd": dict(patch=1, side=(5, 3), pos="2d-rope"),
    "patch-4-odd": dict(patch=4, side=(9, 15), sample=18, table=5),
    "patch-2-odd-ape": dict(side=(7, 9), sample=13, table=7),
    "plain-bias": dict(qk_norm=False, bias=True, train_llm=True),
    "cross-bias": dict(attention="cross", qk_norm=False, bias=True),
    "initial-m-rope": dict(pos="m-rope", layers=4, initial=2, shared=[2, 3], llm="gemma2", kv=2),
    "initial-1d-rope": dict(pos="1d-rope", layers=3, initial=1, shared=[1, 2], leftpad=True),
    "initial-cross": dict(attention="cross", layers=3, initial=1, dit_layers=2),
    "gelu": dict(activation="gelu"),
    "exact_gelu": dict(activation="gelu", width=8, inner=12, heads=2, head_dim=8, layers=2, channels=2, side=(4, 6), table=4, sample=8, taps=False),
    "silu-gemma2": dict(activation="silu", llm="gemma2", kv=4, heads=4),
    "quick-gelu": dict(activation="quick_gelu", kind="DiT"),
    "relu-cross": dict(activation="relu", attention="cross", kind="DiT"),
    "no-activation": dict(activation=None, pos="2d-rope"),
    "one-token": dict(lengths=[1, 1, 1], batch=3, prompt=5, pos="2d-rope"),
    "one-token-only": dict(lengths=[1], batch=1, prompt=1, attention="cross"),
    "long-prompt": dict(prompt=37, lengths=[37, 2, 20], batch=3, llm="gemma2", pos="1d-rope", kv=2),
    "no-padding": dict(lengths=[10, 10], pos="1d-rope"),
    "dit-minus-2": dict(kind="DiT", index=-2, pos="2d-rope", llm="gemma2", kv=2),
    "dit-zero": dict(kind="DiT", index=0, pos="1d-rope", time="addition"),
    "dit-one-cross": dict(kind="DiT", index=1, attention="cross", pos="m-rope", time="adaln-single", sandwich=True),
    "dit-width": dict(kind="DiT", dit_width=20, pos="1d-rope", time=None),
    "dit-cross-gemma2": dict(kind="DiT", attention="cross", llm="gemma2", kv=2, pos="2d-rope", qk_norm=False, bias=True),
    "dit-pooled": dict(kind="DiT", pooled=12),
    "eps-theta": dict(eps=1e-3, theta=500.0, pos="m-rope"),
    "channels": dict(channels=4, out_channels=8, dit_width=24),
    "channels-dit": dict(channels=3, out_channels=3, kind="DiT", patch=4, side=(8, 12)),
    "pad-id": dict(pad=5),
    "everything": dict(llm="gemma2", kv=2, pos="2d-rope", time="adaln-single", sandwich=True, pooled=8, bias=True, layers=3, initial=1, train_llm=True,
                       bf16=True, leftpad=True, weightings=True, batch=3),
}


def drawn(rng):
    """Options at random."""
    o = dict(USUAL)
    o.update(kind=rng.choice(["FuseDiT", "FuseDiT", "DiT"]), llm=rng.choice(["gemma", "gemma2"]), attention=rng.choice(["self", "self", "cross"]),
             pos=rng.choice(["ape", "1d-rope", "2d-rope", "m-rope"]), time=rng.choice(["adaln-zero", "adaln-single", "addition", None]),
             qk_norm=rng.random() < .7, sandwich=rng.random() < .5, width=rng.choice([24, 36, 48]), layers=rng.choice([2, 3]), patch=rng.choice([1, 2, 4]),
             channels=rng.choice([4, 16]), batch=rng.choice([1, 2, 3]), prompt=rng.choice([4, 9, 17]), bias=rng.random() < .3, head_dim=rng.choice([8, 12, 16, 20]),
             activation=rng.choice(["gelu_pytorch_tanh", "gelu", "silu", None]), pooled=rng.choice([None, None, 12]), eps=rng.choice([1e-6, 1e-5]),
             theta=rng.choice([10000.0, 1e6]), train_llm=rng.random() < .3, bf16=rng.random() < .2, leftpad=rng.random() < .3, weightings=rng.random() < .3)
    o["heads"], o["kv"] = rng.choice([(4, 1), (4, 2), (4, 4), (6, 2), (6, 3), (2, 1)])
    o["side"] = (o["patch"] * rng.choice([1, 2, 3]) + rng.choice([0, 1]) % o["patch"], o["patch"] * rng.choice([2, 3, 4]))
    o["table"], o["sample"] = rng.choice([(8, 12), (5, 16), (16, 8)])
    if o["kind"] == "DiT":
        o.update(index=rng.choice([-1, -2, -3, 0, 1, 2]), train_llm=False, leftpad=False)
    elif rng.random() < .3:
        o.update(initial=1, layers=3, shared=rng.choice(["all", [1, 2]]))
    if o["pos"] == "ape" and rng.random() < .4 and not (o["kind"] == "DiT" and o["attention"] == "cross"):
        o["dit_width"] = rng.choice([20, 28, 48])
    if o["llm"] == "gemma2" and o["activation"] is None:
        o["activation"] = "gelu_pytorch_tanh"
    return o


def text_config(o):
    sizes = dict(vocab_size=128, max_position_embeddings=512, hidden_size=o["width"], intermediate_size=o["inner"], num_hidden_layers=o["layers"],
                 num_attention_heads=o["heads"], num_key_value_heads=o["kv"], head_dim=o["head_dim"], rms_norm_eps=o["eps"], rope_theta=o["theta"],
                 attention_bias=o["bias"], hidden_activation=o["activation"], bos_token_id=2, eos_token_id=1, pad_token_id=o["pad"])
    if o["llm"] == "gemma":
        return GemmaConfig(**sizes)
    return Gemma2Config(**sizes, query_pre_attn_scalar=24, sliding_window=4, attn_logit_softcapping=5.0)


def randomise(model, generator):
    with torch.no_grad():
        for name, value in model.named_parameters():
            scale = value[0].numel() ** -0.5 if value.dim() > 1 else 0.2
            value.copy_(torch.randn(value.shape, generator=generator) * scale)


TOLERANCES = [("taps.", 5e-5, "max"), ("text.", 5e-5, "max"), (r"train\..*loss", 2e-6, "relative"), (r"optim\..*losses", 2e-6, "relative"),
              (r".*grad_norms", 2e-5, "norm"), (r"train\..*\.grad\.", 2e-5, "largest"), (r"optim\..*_sum", 3e-6, "sum"), (r"optim\.", 5e-6, "max"), ("", 2e-5, "max")]


def unsteady(expected, exact):
    """Names of those that rounding moves by more than a quarter of their tolerance."""
    names = []
    for name, value in expected.items():
        if name.startswith("bf16") or name == "cache.second.output":  # the reference's second call has float32 placeholders
            continue
        true, (_, limit, kind) = exact[name].double(), next(t for t in TOLERANCES if re.match(t[0], name))
        scale = {"max": lambda: 1, "relative": lambda: true.abs(), "norm": lambda: true.abs().clamp(min=1e-3), "largest": lambda: true.abs().max(),
                 "sum": lambda: exact[name.replace("_abs_sum", "_sum").replace("_sum", "_abs_sum")].double().abs()}[kind]()
        if value.numel() and not ((value.double() - true).abs() / scale).max() <= limit / 2:
            names.append(name)
    return names


class Wide(torch.nn.Module):
    """The norms compute in float32 whatever they are given; for the second computation they must not."""
    @staticmethod
    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps) * (1 + self.weight)

    @classmethod
    def norms(cls, model):
        for module in model.modules():
            if type(module).__name__.endswith("RMSNorm"):
                module.forward = cls.forward.__get__(module)


class Case:
    def __init__(self, reference, o, seed, wide=False):
        from diffusion.configs import DiTConfig, FuseDiTConfig
        from diffusion.models import DiT, FuseDiT, update_self_attention_mask
        self.o, self.update_mask = o, update_self_attention_mask
        self.generator = torch.Generator().manual_seed(seed)
        base = text_config(o)
        fused = o["kind"] == "FuseDiT"
        common = dict(attention=o["attention"], base_config=base, dit_hidden_size=o["dit_width"] or o["width"],
                      dit_num_hidden_layers=o["dit_layers"] or o["layers"] - o["initial"], in_channels=o["channels"],
                      out_channels=o["out_channels"] or o["channels"], patch_size=o["patch"], pos_embed=o["pos"], pos_embed_max_size=o["table"],
                      qk_norm=o["qk_norm"], sample_size=o["sample"], sandwich_norm=o["sandwich"], text_hidden_size=o["width"],
                      text_modulation_embeds_dim=o["pooled"], timestep_conditioning=o["time"], initial_layers=o["initial"],
                      shared_attention_layers=o["shared"], text_hidden_states_index=o["index"])
        self.config = (FuseDiTConfig if fused else DiTConfig)(**common)
        self.model = (FuseDiT if fused else DiT)(self.config)
        self.llm = None if fused else (GemmaModel if o["llm"] == "gemma" else Gemma2Model)(base)
        randomise(self.model, self.generator)
        if self.llm is not None:
            randomise(self.llm, self.generator)
            self.llm.requires_grad_(False).eval()
        self.model.train()
        self.dtype = torch.float64 if wide else torch.float32
        for each in [self.model, self.llm] if wide else []:
            if each is not None:
                Wide.norms(each.double())
        self.inputs, self.expected, self.notes = {}, {}, {}
        self.scheduler = FlowMatchEulerDiscreteScheduler(shift=3.0)

    def randn(self, *shape):
        return torch.randn(*shape, generator=self.generator)

    def make_inputs(self):
        o, i = self.o, self.inputs
        shape = (o["batch"], o["channels"], *o["side"])
        grid = self.scheduler.timesteps
        pick = lambda: torch.randint(0, 1000, (o["batch"],), generator=self.generator)
        lengths = o["lengths"] or [max(1, o["prompt"] - 2 - 3 * b) for b in range(o["batch"])]
        ids = torch.full((o["batch"], o["prompt"]), o["pad"])
        mask = torch.zeros_like(ids)
        for b, n in enumerate(lengths):
            ids[b, :n] = torch.randint(6, 128, (n,), generator=self.generator)
            ids[b, 0] = 2
            mask[b, :n] = 1
        i.update(latents=self.randn(*shape), timestep=grid[pick()].clone(), input_ids=ids, attention_mask=mask)
        if o["leftpad"]:
            i["leftpad.input_ids"] = torch.stack([torch.roll(ids[b], o["prompt"] - n) for b, n in enumerate(lengths)])
            i["leftpad.attention_mask"] = torch.stack([torch.roll(mask[b], o["prompt"] - n) for b, n in enumerate(lengths)])
        if o["pooled"]:
            i["text_modulation_embeds"] = self.randn(o["batch"], o["pooled"])
        if self.llm is None:
            i.update({"cache.latents": self.randn(*shape), "cache.timestep": grid[pick()].clone()})
        out = (o["batch"], o["out_channels"] or o["channels"], *o["side"])
        crop = tuple(s // o["patch"] * o["patch"] for s in o["side"])
        i["train.latents"] = self.randn(*shape)
        for s in range(3):
            index = pick()
            i[f"train.noise.{s}"], i[f"train.indices.{s}"] = self.randn(*shape), index
            i[f"train.timesteps.{s}"], i[f"train.sigmas.{s}"] = grid[index].clone(), self.scheduler.sigmas[index].clone()
        for name, value in i.items():
            if value.is_floating_point() and "time" not in name:
                i[name] = value.to(self.dtype)
        self.lengths, self.trains = lengths, out == shape and crop == tuple(o["side"])

    def states(self):
        mask = self.inputs["attention_mask"]
        with torch.no_grad():
            return self.llm(self.inputs["input_ids"], self.update_mask(mask, 0, False, "cpu", self.dtype),
                            torch.arange(mask.shape[1]).unsqueeze(0), use_cache=False, output_hidden_states=True, return_dict=False)[1]

    def call(self, latents, timestep, prefix="", **more):
        mask = self.inputs[prefix + "attention_mask"]
        if self.llm is None:
            pooled = self.inputs.get("text_modulation_embeds")
            return self.model(latents, timestep, self.inputs[prefix + "input_ids"], mask, pooled if pooled is None else pooled.to(latents.dtype), **more)
        return self.model(latents, timestep, self.states()[self.o["index"]].to(latents.dtype), mask), None

    # ---- numbers

    @torch.no_grad()
    def forward(self):
        i, e, o = self.inputs, self.expected, self.o
        taps = self.tapped() if o["taps"] else {}
        e["forward.output"] = self.call(i["latents"], i["timestep"])[0]
        self.untap()
        e.update({"taps." + k: v for k, v in taps.items()})
        if o["leftpad"]:
            e["leftpad.output"] = self.call(i["latents"], i["timestep"], "leftpad.")[0]
        if self.llm is not None:
            for k, state in enumerate(self.states()):
                e[f"text.hidden_states.{k}"] = state
            e["text.selected"] = self.states()[o["index"]]
        else:
            self.cache()
        if o["bf16"]:
            with torch.autocast("cpu", dtype=torch.bfloat16):
                e["bf16_autocast.output"] = self.call(i["latents"], i["timestep"])[0].float()

    def cache(self):
        i, e = self.inputs, self.expected
        output, past = self.call(i["latents"], i["timestep"], use_cache=True)
        e["cache.prefill.output"] = output
        for name, at in (("first", 0), ("last", -1)):
            e[f"cache.{name}.key"], e[f"cache.{name}.value"] = past.key_cache[at].clone(), past.value_cache[at].clone()
        e["cache.second.output_uncached"] = self.call(i["cache.latents"], i["cache.timestep"])[0]
        try:
            e["cache.second.output"] = self.call(i["cache.latents"], i["cache.timestep"], use_cache=True, past_key_values=past)[0]
        except Exception as error:
            self.notes["second"] = f"{type(error).__name__}: {error}"

    def tapped(self):
        taps, self.hooks = {}, []
        dit = self.model.dit if self.llm is None else self.model
        keep = lambda name, value: taps.__setitem__(name, value.detach().clone())
        hook = lambda module, name: self.hooks.append(module.register_forward_hook(lambda m, a, out: keep(name, out[0] if isinstance(out, tuple) else out)))
        for name in ("patch_embed", "time_proj", "timestep_embedder", "norm_out", "proj_out"):
            if hasattr(dit, name):
                hook(getattr(dit, name), name)
        prepare = self.model.prepare_hidden_states
        self.model.__dict__["prepare_hidden_states"] = lambda *a: self.prepared(keep, prepare, *a)
        if self.llm is not None:
            for k, layer in enumerate(dit.layers):
                hook(layer, f"dit.layer.{k}")
            return taps
        for k, layer in enumerate(self.model.llm.layers):
            hook(layer, f"llm.layer.{k}")
        shared = self.model.shared_transformer_layer

        def layer(index, *a):
            out = shared(index, *a)
            keep(f"dit.layer.{index - self.o['initial']}", out[0])
            keep(f"llm.layer.{index}", out[1])
            return out
        self.model.__dict__["shared_transformer_layer"] = layer
        return taps

    def prepared(self, keep, prepare, *a):
        fused = self.llm is None
        keep("temb", a[1])
        if fused:
            keep("llm.in", a[0])
        out, position = prepare(*a)
        keep("dit.in", out)
        if position is not None:
            keep("rotary.cos", position[0])
            keep("rotary.sin", position[1])
        return out, position

    def untap(self):
        for hook in getattr(self, "hooks", []):
            hook.remove()
        self.model.__dict__.pop("prepare_hidden_states", None)
        self.model.__dict__.pop("shared_transformer_layer", None)

    def loss(self, model_output, step, scheme, precondition):
        i = self.inputs
        x, n, sigma = i["train.latents"], i[f"train.noise.{step}"], i[f"train.sigmas.{step}"].view(-1, 1, 1, 1)
        noisy = (1.0 - sigma) * x + sigma * n
        target = x if precondition else n - x
        if precondition:
            model_output = model_output * (-sigma) + noisy
        weight = compute_loss_weighting_for_sd3(weighting_scheme=scheme, sigmas=sigma)
        return torch.mean((weight.float() * (model_output.float() - target.float()) ** 2).reshape(target.shape[0], -1), 1).mean()

    def predict(self, step):
        i = self.inputs
        sigma = i[f"train.sigmas.{step}"].view(-1, 1, 1, 1)
        noisy = (1.0 - sigma) * i["train.latents"] + sigma * i[f"train.noise.{step}"]
        return noisy, self.call(noisy, i[f"train.timesteps.{step}"])[0]

    def train(self):
        e = self.expected
        with torch.no_grad():
            e["train.noisy"], e["train.prediction"] = self.predict(0)
            if self.o["weightings"]:
                for scheme in ("none", "mode", "logit_normal", "sigma_sqrt", "cosmap"):
                    for kind in ("plain", "precondition"):
                        e[f"train.loss.{scheme}.{kind}"] = self.loss(e["train.prediction"], 0, scheme, kind == "precondition").view(1)
        self.facts = {"trainable": {}, "without_gradient": {}, "full_gradients": {}, "not_optimised": {}}
        for mode in ["dit"] + (["all"] if self.o["train_llm"] else []):
            self.mode(mode)

    def mode(self, mode):
        e, model = self.expected, self.model
        if self.llm is None:
            model.dit.requires_grad_(True)
            model.llm.requires_grad_(mode == "all")
        named = {n: p for n, p in model.named_parameters() if p.requires_grad}
        optimised = {id(p) for p in model.trainable_parameters()}
        names = list(named)
        for kind in ("plain", "precondition"):
            model.zero_grad(set_to_none=True)
            loss = self.loss(self.predict(0)[1], 0, "logit_normal", kind == "precondition")
            loss.backward()
            e[f"train.{mode}.{kind}.loss"] = loss.detach().view(1)
            e[f"train.{mode}.{kind}.grad_norms"] = torch.stack([torch.zeros(()) if p.grad is None else p.grad.norm() for p in named.values()])
            if kind == "plain":
                without = [n for n, p in named.items() if p.grad is None]
                full = [n for n in names if n not in without][:: 5 if mode == "dit" else 9]
                e.update({f"train.{mode}.plain.grad.{n}": named[n].grad.clone() for n in full})
        self.facts["trainable"][mode], self.facts["without_gradient"][mode], self.facts["full_gradients"][mode] = names, without, full
        self.facts["not_optimised"][mode] = [n for n, p in named.items() if id(p) not in optimised]
        self.optimise(mode, full)

    def optimise(self, mode, full):
        e = self.expected
        model, original = copy.deepcopy(self.model), self.model
        self.model = model
        ema = {n: p.detach().clone() for n, p in model.named_parameters() if p.requires_grad}
        optimizer = torch.optim.AdamW(list(model.trainable_parameters()), lr=1e-3, weight_decay=1e-4, betas=(0.9, 0.999), eps=1e-8)
        losses, norms = [], []
        for step in range(3):
            optimizer.zero_grad()
            model.zero_grad(set_to_none=True)
            loss = self.loss(self.predict(step)[1], step, "logit_normal", False)
            loss.backward()
            losses.append(loss.item())
            norms.append(torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0).item())
            optimizer.step()
            with torch.no_grad():
                for n, p in model.named_parameters():
                    if p.requires_grad:
                        ema[n].mul_(0.99).add_(p, alpha=1 - 0.99)
        now = {n: p.detach() for n, p in model.named_parameters() if p.requires_grad}
        e[f"optim.{mode}.losses"], e[f"optim.{mode}.grad_norms"] = (torch.tensor(v, dtype=self.dtype) for v in (losses, norms))
        for what, tensors in (("param", now), ("ema", ema)):
            e[f"optim.{mode}.{what}_sum"] = torch.stack([t.double().sum() for t in tensors.values()]).to(self.dtype)
            e[f"optim.{mode}.{what}_abs_sum"] = torch.stack([t.double().abs().sum() for t in tensors.values()]).to(self.dtype)
            for n in full[:2]:
                e[f"optim.{mode}.{what}.{n}"] = tensors[n].clone()
        self.model = original

    def save(self, folder, seed):
        folder.mkdir(parents=True, exist_ok=True)
        o = self.o
        clean = lambda tensors: {k: v.detach().contiguous().clone() for k, v in tensors.items()}
        save_file(clean(self.model.state_dict()), folder / "model.safetensors")
        if self.llm is not None:
            save_file(clean(self.llm.state_dict()), folder / "llm.safetensors")
        save_file(clean(self.inputs), folder / "inputs.safetensors")
        save_file(clean(self.expected), folder / "expected.safetensors")
        config = {"reference": json.loads(self.config.to_json_string(use_diff=False)), "notes": [str(self.notes)], "seed": seed,
                  "options": {k: o[k] for k in ("taps", "train_llm", "bf16", "leftpad", "weightings")},
                  "shapes": {"batch": o["batch"], "latent": [o["channels"], *o["side"]], "prompt": o["prompt"], "lengths": self.lengths},
                  "training": TRAINING} | getattr(self, "facts", {})
        (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")


def computed(reference, o, seed, wide=False):
    torch.manual_seed(seed)
    case = Case(reference, o, seed, wide)
    case.make_inputs()
    case.forward()
    if case.trains:
        case.train()
    return case


def make(reference, folder, o, seed):
    case = computed(reference, USUAL | o, seed)
    exact = computed(reference, USUAL | o | {"bf16": False}, seed, wide=True)
    case.notes["unsteady"] = unsteady(case.expected, exact.expected)
    for name in case.notes["unsteady"]:
        del case.expected[name]
        case.expected.pop(name.replace("_abs_sum", "_sum"), None)
    case.save(folder, seed)
    return case.notes


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("reference")
    parser.add_argument("folder")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--random", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    sys.path.insert(0, arguments.reference)
    torch.set_num_threads(1)
    rng = random.Random(arguments.seed)
    wanted = {f"random-{arguments.seed}-{k}": drawn(rng) for k in range(arguments.random)} if arguments.random else \
        {n: o for n, o in NAMED.items() if not arguments.names or n in arguments.names}
    for k, (name, o) in enumerate(wanted.items()):
        try:
            print(name, make(arguments.reference, Path(arguments.folder) / name, o, 1000 * arguments.seed + k), flush=True)
        except Exception as error:
            print(name, "LEFT OUT:", type(error).__name__, str(error)[:150], {k: v for k, v in o.items() if USUAL[k] != v}, flush=True)


main()
