"""Golden steps of diffusers' second-order solvers in flow form: python solver_goldens.py src/test/resources/solvers

Made with diffusers 0.32.0: FlowMatchHeunDiscreteScheduler, and DPMSolverMultistepScheduler as DPM-Solver++ (2M, midpoint) with
`use_flow_sigmas` and `prediction_type="flow_prediction"`. Keys: SOLVER.CASE.{sigmas,x0,vI,xI}, the velocities in the order in which they are
asked for, which is 2N - 1 of them in N steps of Heun's. The levels are given with the steps, because diffusers lays them otherwise than
fusedit: DPM's first one is 0.999 and not 1, so that its second step is of second order already.
"""
import sys
from pathlib import Path

import torch
from diffusers import DPMSolverMultistepScheduler, FlowMatchHeunDiscreteScheduler
from safetensors.torch import save_file

CASES = {"shift1": (1.0, 6), "shift3": (3.0, 9), "many": (1.0, 20), "one": (1.0, 1)}


def heun(prefix, shift, steps, io):
    scheduler = FlowMatchHeunDiscreteScheduler(shift=shift)
    scheduler.set_timesteps(steps)
    io[prefix + "sigmas"] = torch.cat([scheduler.sigmas[:1], scheduler.sigmas[1::2]])  # those between stand there twice
    x = io[prefix + "x0"]
    for i, time in enumerate(scheduler.timesteps):
        velocity = io[f"{prefix}v{i}"] = torch.randn(2, 3)
        x = scheduler.step(velocity, time, x).prev_sample
        if i % 2 == 0 and i != len(scheduler.timesteps) - 1:
            continue  # Euler's step, from which the far end is asked
        io[f"{prefix}x{i // 2 + 1}"] = x


def dpmpp(prefix, shift, steps, io):
    scheduler = DPMSolverMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=shift,
                                            algorithm_type="dpmsolver++", solver_order=2, solver_type="midpoint", final_sigmas_type="zero")
    scheduler.set_timesteps(steps)
    io[prefix + "sigmas"] = scheduler.sigmas
    x = io[prefix + "x0"]
    for i, time in enumerate(scheduler.timesteps):
        velocity = io[f"{prefix}v{i}"] = torch.randn(2, 3)
        x = io[f"{prefix}x{i + 1}"] = scheduler.step(velocity, time, x).prev_sample


def main(folder):
    torch.manual_seed(11)
    io = {}
    for case, (shift, steps) in CASES.items():
        for solver, record in (("heun", heun), ("dpmpp-2m", dpmpp)):
            prefix = f"{solver}.{case}."
            io[prefix + "x0"] = torch.randn(2, 3)
            record(prefix, shift, steps, io)
    Path(folder).mkdir(parents=True, exist_ok=True)
    save_file({name: value.float().contiguous() for name, value in io.items()}, Path(folder) / "io.safetensors")


main(sys.argv[1])
