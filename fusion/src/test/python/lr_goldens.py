"""Learning rates by diffusers' names: python lr_goldens.py FOLDER (diffusers 0.32.0, torch 2.10)"""
import json
import sys
from pathlib import Path

import torch
from diffusers.optimization import get_scheduler

CASES = [dict(name=n, num_warmup_steps=w, num_training_steps=s, base_lr=b) for n in ("linear", "cosine", "cosine_with_restarts", "polynomial", "constant",
         "constant_with_warmup") for w, s, b in ((3, 17, 2e-3), (1, 4, 1.0), (0, 1, 1e-6), (8, 8, 3e-4))
         if not (n == "polynomial" and w == s)]
CASES += [dict(name="cosine_with_restarts", num_warmup_steps=4, num_training_steps=29, base_lr=5e-4, num_cycles=c) for c in (2, 5)]
CASES += [dict(name="polynomial", num_warmup_steps=4, num_training_steps=29, base_lr=5e-4, power=p) for p in (0.5, 3.0)]
CASES += [dict(name="piecewise_constant", num_warmup_steps=0, num_training_steps=20, base_lr=1e-3, step_rules=r) for r in
          ("1:10,0.1:20,0.01:30,0.005", "0.3:5,0.2", "2:3,0.5:9,1.5:12,0")]


def rates(case):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=case["base_lr"])
    more = {k: v for k, v in case.items() if k in ("num_cycles", "power", "step_rules")}
    scheduler = get_scheduler(case["name"], optimizer, num_warmup_steps=case["num_warmup_steps"], num_training_steps=case["num_training_steps"], **more)
    found = []
    for _ in range(case["num_training_steps"] + 6):
        found.append(scheduler.get_last_lr()[0])
        optimizer.step()
        scheduler.step()
    return found


Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
(Path(sys.argv[1]) / "lr.json").write_text(json.dumps({"cases": [case | {"lr": rates(case)} for case in CASES]}))
