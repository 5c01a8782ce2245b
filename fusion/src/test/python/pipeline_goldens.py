"""Golden cases of whole pipelines, from prompts to pictures, and of training steps: python pipeline_goldens.py REFERENCE FOLDER

REFERENCE is a checkout of the paper's public repository. The loop is that of its pipelines, over its own models (two of its classes cannot run as
published). Sizes, steps, guidance, instructions and prompts as the published cases do not have them. torch 2.10, transformers 4.43.3, diffusers 0.32.0, CPU.
"""
import json
import sys
from pathlib import Path

import torch
from diffusers import AutoencoderKL, FlowMatchEulerDiscreteScheduler
from diffusers.training_utils import compute_density_for_timestep_sampling, compute_loss_weighting_for_sd3
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModelWithProjection, Gemma2Config, Gemma2Model, GemmaConfig, GemmaModel

from tiny import randomise

WORDS = "a red cat two blue birds on wire blurry low quality draw this : an old house by the sea".split()
VAE = dict(block_out_channels=[8, 16, 16, 16], layers_per_block=1, latent_channels=16, norm_num_groups=4, sample_size=64, scaling_factor=1.5305, shift_factor=0.0609,
           use_quant_conv=False, use_post_quant_conv=False, down_block_types=["DownEncoderBlock2D"] * 4, up_block_types=["UpDecoderBlock2D"] * 4)
RUNS = {
    "": dict(prompts=["two blue birds on a wire by the sea"], negative=None, npp=3, guidance=3.5, steps=3, size=[16, 64], max_len=4, instruction=""),
    "guided_instruction": dict(prompts=["a red cat", "", "an old house"], negative="low quality", npp=1, guidance=1.5, steps=5, size=[48, 32], max_len=6,
                               instruction="draw this : "),
    "one_step": dict(prompts=["red"], negative="blurry", npp=2, guidance=0.0, steps=1, size=[16, 16], max_len=20, instruction=""),
    "half": dict(prompts=["red sea", "blue sea"], negative="a", npp=2, guidance=0.5, steps=2, size=[32, 16], max_len=3, instruction="draw a : "),
}
CASES = {
    "ape-gemma2": dict(llm="gemma2"),
    "m-rope-cross": dict(pos="m-rope", attention="cross", shift=1.0),
    "2d-single": dict(pos="2d-rope", time="adaln-single", sandwich=True, initial=1, llm="gemma2"),
    "1d-clip": dict(pos="1d-rope", pooled=24),
    "dit-2d": dict(kind="DiT", pos="2d-rope", index=-2, llm="gemma2", shift=6.0),
    "dit-none": dict(kind="DiT", time=None, attention="cross", pos="1d-rope", index=1),
    "two-levels-of-silu": dict(activation="silu", time="addition", levels=200),
}
SETTINGS = {"logit_normal": ("logit_normal", False), "sigma_sqrt": ("sigma_sqrt", False), "cosmap": ("cosmap", False), "mode_precond": ("mode", True), "none": ("none", False),
            "logit_normal_precond": ("logit_normal", True)}


def ids_of(text):
    return [2] + [3 + WORDS.index(word) for word in text.split()]


def rows_of(run):
    prompts = [run["instruction"] + p for p in run["prompts"]] * run["npp"]
    return (len(prompts) * [run["negative"] or ""] if run["guidance"] > 1 else []) + prompts


class Case:
    def __init__(self, o, vae, seed):
        from diffusion.configs import DiTConfig, FuseDiTConfig
        from diffusion.models import DiT, FuseDiT, update_self_attention_mask
        torch.manual_seed(seed)
        self.o, self.vae, self.mask = o, vae, update_self_attention_mask
        sizes = dict(vocab_size=40, hidden_size=32, intermediate_size=48, num_hidden_layers=3, num_attention_heads=2, num_key_value_heads=1, head_dim=16,
                     max_position_embeddings=128, pad_token_id=0, bos_token_id=2, eos_token_id=1, hidden_activation=o.get("activation", "gelu_pytorch_tanh"))
        base = Gemma2Config(**sizes, query_pre_attn_scalar=24, sliding_window=4, attn_logit_softcapping=5.0) if o.get("llm") == "gemma2" else GemmaConfig(**sizes)
        self.fused = o.get("kind", "FuseDiT") == "FuseDiT"
        self.config = (FuseDiTConfig if self.fused else DiTConfig)(
            attention=o.get("attention", "self"), base_config=base, dit_hidden_size=32, dit_num_hidden_layers=3 - o.get("initial", 0), in_channels=16, out_channels=16,
            patch_size=2, pos_embed=o.get("pos", "ape"), pos_embed_max_size=8, qk_norm=True, sample_size=4, sandwich_norm=o.get("sandwich", False), text_hidden_size=32,
            text_modulation_embeds_dim=o.get("pooled"), timestep_conditioning=o.get("time", "adaln-zero"), initial_layers=o.get("initial", 0),
            text_hidden_states_index=o.get("index", -1))
        self.model = randomise((FuseDiT if self.fused else DiT)(self.config))
        self.llm = None if self.fused else randomise((Gemma2Model if o.get("llm") == "gemma2" else GemmaModel)(base))
        self.clip = None
        if o.get("pooled"):
            self.clip_config = dict(vocab_size=99, hidden_size=32, intermediate_size=48, projection_dim=24, num_hidden_layers=2, num_attention_heads=4,
                                    max_position_embeddings=77, pad_token_id=1, bos_token_id=0, eos_token_id=2, hidden_act="quick_gelu")
            self.clip = randomise(CLIPTextModelWithProjection(CLIPTextConfig(**self.clip_config)), lambda n: "norm" in n and n.endswith("weight"))

    def scheduler(self):
        return FlowMatchEulerDiscreteScheduler(shift=self.o.get("shift", 3.0), num_train_timesteps=self.o.get("levels", 1000))

    def states(self, ids, mask):
        return self.llm(ids, self.mask(mask, 0, False, "cpu", torch.float32), torch.arange(ids.shape[1])[None], use_cache=False, output_hidden_states=True,
                        return_dict=False)[1][self.o.get("index", -1)]

    @torch.no_grad()
    def run(self, run):
        rows = rows_of(run)
        length = run["max_len"] + len(ids_of(run["instruction"].rstrip())) - 1
        encoded = [ids_of(row)[:length] for row in rows]
        ids = torch.tensor([row + [0] * (length - len(row)) for row in encoded])
        mask = torch.tensor([[1] * len(row) + [0] * (length - len(row)) for row in encoded])
        pictures = len(run["prompts"]) * run["npp"]
        io = {"input_ids": ids, "attention_mask": mask, "initial_latents": torch.randn(pictures, 16, run["size"][0] // 8, run["size"][1] // 8)}
        if self.llm is not None:
            io["nocache.text_hidden_states"] = self.states(ids, mask)
        if self.clip is not None:
            io["nocache.clip_input_ids"] = torch.stack([self.clip_ids(row) for row in rows])
            io["nocache.text_modulation_embeds"] = self.clip(io["nocache.clip_input_ids"]).text_embeds
        self.draw(io, run, "nocache.", False)
        if self.fused and self.clip is None:
            try:
                part = dict(io)
                self.draw(part, run, "cache.", True)
                io = part
            except Exception as error:
                print("  no cached run:", str(error)[:80])
        return io

    def clip_ids(self, row):
        ids = torch.full((77,), 98)
        ids[0] = 0
        words = torch.tensor([10 + (WORDS.index(word) * 7) % 80 for word in row.split()], dtype=torch.long)
        ids[1:1 + len(words)] = words
        return ids

    def draw(self, io, run, way, cached):
        scheduler, x, past, guided = self.scheduler(), io["initial_latents"], None, run["guidance"] > 1
        scheduler.set_timesteps(run["steps"])
        for i, t in enumerate(scheduler.timesteps):
            inputs = torch.cat([x] * 2) if guided else x
            time = t.expand(inputs.shape[0])
            if self.llm is None:
                out, past = self.model(inputs, time, io["input_ids"], io["attention_mask"], io.get("nocache.text_modulation_embeds"), use_cache=cached, past_key_values=past)
            else:
                out = self.model(inputs, time, io["nocache.text_hidden_states"], io["attention_mask"])
            if guided:
                without, with_text = out.chunk(2)
                out = without + run["guidance"] * (with_text - without)
            x = scheduler.step(out, t, x, return_dict=False)[0]
            if i < 2 or i == run["steps"] - 1:
                io[f"{way}latents_after_step{i + 1}"] = x
        image = self.vae.decode(x / self.vae.config.scaling_factor + self.vae.config.shift_factor, return_dict=False)[0]
        image = (image / 2 + 0.5).clamp(0, 1)
        io[way + "final_latents"], io[way + "image_u8"] = x, (image.permute(0, 2, 3, 1) * 255).round().to(torch.uint8)
        if not cached:
            io["nocache.image01"] = image

    def training(self, shape, tokens):
        self.model.requires_grad_(True)
        pixels = torch.rand(shape) * 2 - 1
        ids, mask = torch.zeros(shape[0], max(tokens), dtype=torch.long), torch.zeros(shape[0], max(tokens), dtype=torch.long)
        for b, n in enumerate(tokens):
            ids[b, :n] = torch.randint(3, 23, (n,))
            ids[b, 0], mask[b, :n] = 2, 1
        io, results, scheduler = {"pixel_values": pixels, "input_ids": ids, "attention_mask": mask}, {}, self.scheduler()
        for name, (scheme, precondition) in SETTINGS.items():
            self.model.zero_grad(set_to_none=True)
            torch.manual_seed(77)
            with torch.no_grad():
                posterior = self.vae.encode(pixels).latent_dist
                x = (posterior.sample() - self.vae.config.shift_factor) * self.vae.config.scaling_factor
            noise = torch.randn_like(x)
            u = compute_density_for_timestep_sampling(scheme, shape[0], 0.0, 1.0, 1.29)
            index = (u * scheduler.config.num_train_timesteps).long()
            sigma, time = scheduler.sigmas[index].view(-1, 1, 1, 1), scheduler.timesteps[index]
            noisy = (1.0 - sigma) * x + sigma * noise
            out = self.model(noisy, time, ids, mask)[0] if self.llm is None else self.model(noisy, time, self.states(ids, mask).detach(), mask)
            if precondition:
                out = out * (-sigma) + noisy
            target, weight = x if precondition else noise - x, compute_loss_weighting_for_sd3(scheme, sigma)
            loss = (weight.float() * (out.float() - target.float()) ** 2).reshape(shape[0], -1).mean(1).mean()
            loss.backward()
            proj = (self.model.dit if self.fused else self.model).proj_out.weight
            norm = torch.stack([p.grad.norm() for p in self.model.parameters() if p.grad is not None]).norm()
            io |= {f"{name}.loss": loss.detach().view(1), f"{name}.u": u, f"{name}.grad.proj_out.weight": proj.grad.clone(), "noise": noise, "model_input": x}
            torch.manual_seed(77)
            io["encoder_noise"] = torch.randn(posterior.mean.shape)
            results[name] = {"loss": loss.item(), "grad_norm": norm.item()}
        return io, {"seed": 77, "results": results}

    def save(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        clean = lambda tensors: {k: v.detach().contiguous().clone() for k, v in tensors.items()}
        config = {"kind": "FuseDiT" if self.fused else "DiT", "transformer": json.loads(self.config.to_json_string(use_diff=False)), "llm_attention": "sdpa",
                  "scheduler": {"num_train_timesteps": self.o.get("levels", 1000), "shift": self.o.get("shift", 3.0)},
                  "runs": {name: run | {"rows": rows_of(run)} for name, run in RUNS.items()}}
        for name, run in RUNS.items():
            save_file(clean(self.run(run)), folder / ("io" + ("_" + name if name else "") + ".safetensors"))
        if self.clip is None:
            io, config["train_step"] = self.training(self.o.get("train", (2, 3, 32, 16)), [7, 3])
            save_file(clean(io), folder / "train_step.safetensors")
        else:
            config["clip"] = self.clip_config
            save_file(clean(self.clip.state_dict()), folder / "clip.safetensors")
        if self.llm is not None:
            save_file(clean(self.llm.state_dict()), folder / "llm.safetensors")
        save_file(clean(self.model.state_dict()), folder / "weights.safetensors")
        (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")


def main(reference, folder):
    sys.path.insert(0, reference)
    torch.set_num_threads(1)
    folder = Path(folder)
    torch.manual_seed(900)
    vae = randomise(AutoencoderKL(**VAE), lambda n: "norm" in n and n.endswith("weight")).requires_grad_(False)
    (folder / "vae").mkdir(parents=True, exist_ok=True)
    (folder / "vae" / "config.json").write_text(json.dumps(VAE | {"_class_name": "AutoencoderKL", "in_channels": 3, "out_channels": 3, "act_fn": "silu"}))
    save_file(vae.state_dict(), folder / "vae" / "weights.safetensors")
    (folder / "tokenizer.json").write_text(json.dumps({"words": WORDS}))
    for seed, (name, o) in enumerate(CASES.items()):
        print(name)
        Case(o, vae, 910 + seed).save(folder / name)


main(*sys.argv[1:])
