"""Times workloads side by side: ours, plain PyTorch eager and compiled, and the paper's reference where a folder with it is given.

Systems take turns, a process each, so that a noisy minute hits them all; ratios are of medians of one round, shown with their spread over
the rounds.

    python compare.py [WORKLOAD …] [--dtype f32 bf16] [--rounds 3] [--steps 5] [--threads N] [--device cpu|cuda] [--reference DIR] [--no-compile]
                      [--python PYTHON] [--out results.jsonl]

`--reference DIR` is a checkout of github.com/tang-bd/fuse-dit, timed by `reference.py`. benchmarks/README.md has what PYTHON needs.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys

from workloads import BUILT_IN, cores, workload_of

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SYSTEMS = ["fusedit", "reference", "plain", "plain+compile"]
HEADS = ["workload", "dtype", "ours (s)", "reference (s)", "plain PyTorch (s)", "`torch.compile` (s)", "times as fast as the reference",
         "as plain", "share of the peak", "peak MiB, ours", "reference", "plain"]
WORKLOADS = ["train-s", "train-cross-s", "train-m", "sample-s", "sample-m"]


def commands(a, workload, dtype):
    """What is run for each system; the reference samples in f32 only, its cache and bf16 do not go together."""
    common = ["--dtype", dtype, "--steps", str(a.steps), "--threads", str(a.threads), "--device", a.device]
    trains = workload_of(a.workloads or BUILT_IN, workload)["kind"] == "train"
    files = ["--workloads", a.workloads] if a.workloads else []
    found = {"fusedit": [str(ROOT / "fusedit"), "bench", workload, "--json", *common, *files]}
    found["plain"] = [a.python, str(HERE / "plain.py"), workload, *common, *files]
    if not a.no_compile:
        found["plain+compile"] = found["plain"] + ["--compile"]
    if a.reference:
        of_reference = dtype if trains else "f32"
        found["reference"] = [a.python, str(HERE / "reference.py"), workload, "--reference", a.reference, "--dtype", of_reference,
                              "--steps", str(a.steps), "--threads", str(a.threads), "--device", a.device, *files]
    return found


def measure(command):
    ran = subprocess.run(command, capture_output=True, text=True)
    lines = [line for line in ran.stdout.splitlines() if line.startswith("{")]
    if ran.returncode or not lines:
        print("  failed: %s\n%s" % (" ".join(command), ran.stderr[-2000:]), file=sys.stderr)
        return None
    return json.loads(lines[-1])


def spread(values):
    return "%.2f" % values[0] if len(values) == 1 else "%.2f (%.2f to %.2f)" % (statistics.median(values), min(values), max(values))


def cells(rounds):
    """Of RESULTS.md's row; empty where a system was left out or failed."""
    def of(system, field):
        return [took[system][field] for took in rounds if system in took]

    def seconds(system):
        found = of(system, "median")
        return "%.3f" % statistics.median(found) if found else ""

    def ratio(system):
        found = [took[system]["median"] / took["fusedit"]["median"] for took in rounds if system in took and "fusedit" in took]
        return spread(found) if found else ""

    def peak(system):
        return "%d" % max(of(system, "peak_mib")) if of(system, "peak_mib") else ""

    share = of("fusedit", "share")
    return [*(seconds(system) for system in SYSTEMS), ratio("reference"), ratio("plain"),
            "%.0f %%" % (100 * statistics.median(share)) if share else "", peak("fusedit"), peak("reference"), peak("plain")]


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("workload", nargs="*", default=WORKLOADS)
    ap.add_argument("--workloads", help="another file of workloads")
    ap.add_argument("--dtype", nargs="+", default=["f32", "bf16"])
    ap.add_argument("--rounds", type=int, default=3)
    ap.add_argument("--steps", type=int, default=5)
    ap.add_argument("--threads", type=int, default=cores())
    ap.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    ap.add_argument("--reference", help="a checkout of the paper's reference")
    ap.add_argument("--no-compile", action="store_true")
    ap.add_argument("--python", default=sys.executable)
    ap.add_argument("--out", help="every measurement as a line of JSON")
    a = ap.parse_args()
    out = open(a.out, "a") if a.out else None
    print("| " + " | ".join(HEADS) + " |\n|" + "---|" * len(HEADS))
    for workload in a.workload:
        for dtype in a.dtype:
            rounds = []
            for number in range(a.rounds):
                took = {}
                for system, command in commands(a, workload, dtype).items():
                    print("%s %s, round %d: %s" % (workload, dtype, number + 1, system), file=sys.stderr)
                    result = measure(command)
                    if result:
                        took[system] = result
                        if out:
                            print(json.dumps(dict(result, system=system, round=number)), file=out, flush=True)
                rounds.append(took)
            print("| " + " | ".join([workload, dtype, *cells(rounds)]) + " |", flush=True)


if __name__ == "__main__":
    main()
