"""Golden numbers of noise levels, drawn times and Euler steps: python scheduler_goldens.py FOLDER (diffusers 0.32.0, torch 2.10, CPU)"""
import sys

import torch
from diffusers import FlowMatchEulerDiscreteScheduler
from diffusers.training_utils import compute_density_for_timestep_sampling, compute_loss_weighting_for_sd3

from tiny import save

CASES = {
    "other-shifts": dict(num_train_timesteps=1000, shifts=[0.5, 1.5, 6.0], inference_steps=[1, 3, 7, 20, 33, 100], seeds=[7, 99, 2**40], n=5, steps=6),
    "fewer-levels": dict(num_train_timesteps=200, shifts=[2, 3.25], inference_steps=[4, 200], seeds=[1], n=17, steps=1),
}
SCHEMES = [("logit_normal", 0.0, 1.0, 1.29), ("logit_normal", -0.3, 1.4, 1.29), ("mode", 0.0, 1.0, 0.3), ("mode", 0.0, 1.0, -0.9), ("none", 0.0, 1.0, 1.29),
           ("sigma_sqrt", 0.0, 1.0, 1.29), ("cosmap", 0.0, 1.0, 1.29)]
RNG = {
    "other-shifts": "torch.manual_seed(11), then in this order randn(3), rand(5), randn(40), randn(3,7), randint(5,25,(9,)), randperm(23), rand(2,3), randn(17)",
    "fewer-levels": "torch.manual_seed(123456789), then in this order randperm(4), randint(0,2,(33,)), randn(16), randn(1)",
}


def name(kind, numbers):
    return f"rng.randint_{numbers[0]}_{numbers[1]}_x{numbers[2]}" if kind == "randint" else f"rng.{kind}_" + "x".join(map(str, numbers))


def draws(note, io):
    import re
    torch.manual_seed(int(re.search(r"manual_seed\((\d+)\)", note).group(1)))
    for kind, text in re.findall(r"(randn|randint|randperm|rand)\(([\d, ()]*?)\)(?=,| *$|\))", note):
        numbers = [int(x) for x in re.findall(r"\d+", text)]
        io[name(kind, numbers)] = torch.randint(numbers[0], numbers[1], (numbers[2],)) if kind == "randint" else getattr(torch, kind)(*numbers)


def main(folder):
    for case, settings in CASES.items():
        io, config = {}, {k: v for k, v in settings.items() if k != "steps"}
        config["schemes"] = [dict(case=i, weighting_scheme=s, logit_mean=m, logit_std=d, mode_scale=c) for i, (s, m, d, c) in enumerate(SCHEMES)]
        config["rng_note"] = RNG[case]
        draws(RNG[case], io)
        for shift in settings["shifts"]:
            make = lambda: FlowMatchEulerDiscreteScheduler(shift=shift, num_train_timesteps=settings["num_train_timesteps"])
            key, training = f"shift{shift:g}.", make()
            io[key + "train.timesteps"], io[key + "train.sigmas"] = training.timesteps, training.sigmas
            for steps in settings["inference_steps"]:
                scheduler = make()
                scheduler.set_timesteps(steps)
                io[f"{key}infer{steps}.timesteps"], io[f"{key}infer{steps}.sigmas"] = scheduler.timesteps, scheduler.sigmas
            torch.manual_seed(5)
            scheduler = make()
            scheduler.set_timesteps(settings["steps"])
            x = io[key + "step.x0"] = torch.randn(2, 3, 4)
            for i, t in enumerate(scheduler.timesteps):
                io[f"{key}step.v{i}"] = torch.randn(2, 3, 4)
                x = io[f"{key}step.x{i + 1}"] = scheduler.step(io[f"{key}step.v{i}"], t, x, return_dict=False)[0]
            drawn(io, key, training, config)
        save(f"{folder}/{case}", config, io)


def drawn(io, key, training, config):
    for seed in config["seeds"]:
        for scheme in config["schemes"]:
            torch.manual_seed(seed)
            u = compute_density_for_timestep_sampling(scheme["weighting_scheme"], config["n"], scheme["logit_mean"], scheme["logit_std"], scheme["mode_scale"])
            here = f"seed{seed}.case{scheme['case']}."
            index = (u * config["num_train_timesteps"]).long()
            io[here + "u"], io[key + here + "indices"] = u, index
            io[key + here + "timesteps"], io[key + here + "sigmas"] = training.timesteps[index], training.sigmas[index]
            io[key + here + "weighting"] = compute_loss_weighting_for_sd3(scheme["weighting_scheme"], training.sigmas[index])


main(sys.argv[1])
