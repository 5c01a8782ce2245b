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
    for _ in range(300):
        t = time.perf_counter_ns()
        for _ in range(n):
            f()
        rounds.append((time.perf_counter_ns() - t) / n)
    rounds.sort()
    print(f"{name:12}{rounds[0]:12.0f}{rounds[len(rounds) // 4]:12.0f}{statistics.median(rounds):12.0f} ns")


print(f"torch {torch.__version__}, min / q1 / median")
with torch.no_grad():
    measure("mul", lambda: x.mul(y), 4_000)
    measure("add", lambda: x.add(y), 4_000)
    measure("mul number", lambda: x.mul(2.0), 4_000)
measure("chain", chain, 60)
with torch.no_grad():
    measure("matmul", lambda: a.matmul(b), 2)
