"""Golden numbers of the optimizers: python optimizer_goldens.py FILE

Made with torch 2.10 and transformers 4.43.3. Five steps on a wide matrix, a tall one, a convolution's kernel and a vector, all in f64:
AdamW is torch's, Adafactor transformers' (given rates, no scaling by the weights), Muon is written out below, with the orthogonal factor
by the published polynomial in f64. `muon_bf16` is torch's own Muon on the two matrices, which multiplies in bf16. `svd.*` is U V^T of the
first gradients, which the polynomial comes near to.
"""
import sys
from math import sqrt

import torch
from safetensors.torch import save_file
from transformers.optimization import Adafactor

SHAPES = {"wide": (6, 10), "tall": (9, 4), "kernel": (4, 3, 2, 2), "vector": (7,)}
STEPS = 5
RATE, DECAY = 0.02, 0.1


def orthogonal(x, rounds=5):
    a, b, c = 3.4445, -4.7750, 2.0315
    tall = x.shape[0] > x.shape[1]
    x = x / x.norm().clamp(min=1e-7)
    x = x.T if tall else x
    for _ in range(rounds):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.T if tall else x


class OwnMuon:
    def __init__(self, parameters, momentum=0.95):
        self.parameters, self.momentum = parameters, momentum
        self.means = [torch.zeros_like(p) for p in parameters]

    @torch.no_grad()
    def step(self):
        for p, mean in zip(self.parameters, self.means):
            mean.mul_(self.momentum).add_(p.grad, alpha=1 - self.momentum)
            ahead = (1 - self.momentum) * p.grad + self.momentum * mean
            p.mul_(1 - RATE * DECAY)
            p.sub_(RATE * 0.2 * sqrt(max(p.shape)) * orthogonal(ahead))


MAKERS = {
    "adamw": lambda p: torch.optim.AdamW(p, lr=RATE, betas=(0.9, 0.95), eps=1e-8, weight_decay=DECAY),
    "adafactor": lambda p: Adafactor(p, lr=RATE, eps=(1e-30, 1e-3), clip_threshold=1.0, decay_rate=-0.8, beta1=None, weight_decay=DECAY,
                                     scale_parameter=False, relative_step=False, warmup_init=False),
    "muon": OwnMuon,
    "muon_bf16": lambda p: torch.optim.Muon(p, lr=RATE, weight_decay=DECAY, momentum=0.95, adjust_lr_fn="match_rms_adamw"),
}


def main(path):
    torch.manual_seed(7)
    tensors = {}
    for name, shape in SHAPES.items():
        tensors[f"start.{name}"] = torch.randn(shape, dtype=torch.float64)
        for step in range(STEPS):  # the third one is large: Adafactor clips it
            tensors[f"gradient.{name}.{step}"] = torch.randn(shape, dtype=torch.float64) * (30 if step == 2 else 1)
    for kind, make in MAKERS.items():
        names = [n for n in SHAPES if not kind.startswith("muon") or len(SHAPES[n]) == 2]
        parameters = {n: torch.nn.Parameter(tensors[f"start.{n}"].clone()) for n in names}
        optimizer = make(list(parameters.values()))
        for step in range(STEPS):
            for n, p in parameters.items():
                p.grad = tensors[f"gradient.{n}.{step}"].clone()
            optimizer.step()
            for n, p in parameters.items():
                tensors[f"{kind}.{n}.{step}"] = p.detach().clone()
    for name in ("wide", "tall"):
        u, _, v = torch.linalg.svd(tensors[f"gradient.{name}.0"], full_matrices=False)
        tensors[f"svd.{name}"] = (u @ v).contiguous()
        tensors[f"orthogonal.{name}"] = orthogonal(tensors[f"gradient.{name}.0"]).contiguous()
    save_file(tensors, path)


main(sys.argv[1])
