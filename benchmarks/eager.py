"""The same small ops in Python eager, for comparison. usage: OMP_NUM_THREADS=2 python eager.py"""
import statistics
import time

import torch

torch.set_num_threads(2)
x, y = torch.tensor([1.0, 2, 3, 4]), torch.ones(4)
w = torch.ones(4, requires_grad=True)
a, b = torch.randn(512, 512), torch.randn(512, 512)


def chain():
    z = x
    for _ in range(19):
        z = z * w
    z.sum().backward()
    w.grad = None


def measure(name, f, n):
    rounds = []
    for _ in range(9):
        t = time.perf_counter_ns()
        for _ in range(n):
            f()
        rounds.append((time.perf_counter_ns() - t) / n)
    print(f"{name:10} {statistics.median(rounds[2:]):12.0f} ns   (min {min(rounds):.0f})")


print("torch", torch.__version__)
with torch.no_grad():
    measure("mul", lambda: x.mul(y), 200_000)
    measure("add", lambda: x.add(y), 200_000)
    measure("mul number", lambda: x.mul(2.0), 200_000)
measure("chain", chain, 5_000)
with torch.no_grad():
    measure("matmul", lambda: a.matmul(b), 200)
