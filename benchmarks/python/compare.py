"""Times workloads side by side: ours, plain PyTorch eager and compiled, and the paper's reference where a folder with it is given.

Systems take turns, a process each, so that a noisy minute hits them all; ratios are of medians of one round, shown with their spread over the rounds.

    python compare.py [WORKLOAD …] [--dtype f32 bf16] [--rounds 3] [--steps 5] [--threads 2] [--reference DIR] [--no-compile]
                      [--python PYTHON] [--out results.jsonl]

`--reference DIR` is a checkout of github.com/tang-bd/fuse-dit beside `reference_bench.py`'s needs (transformers 4.43.3, diffusers 0.32.0);
`--reference-bench FILE` is the script that times it.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
WORKLOADS = ["train-s", "train-cross-s", "train-m", "sample-s", "sample-m"]


def commands(a, workload, dtype):
    """What is run for each system; the reference samples in f32 only, its cache and bf16 do not go together."""
    common = ["--dtype", dtype, "--steps", str(a.steps), "--threads", str(a.threads)]
    files = ["--workloads", a.workloads] if a.workloads else []
    found = {"fusedit": [str(ROOT / "fusedit"), "bench", workload, "--json", *common, *files]}
    found["plain"] = [a.python, str(HERE / "plain.py"), workload, *common, *files]
    if not a.no_compile:
        found["plain+compile"] = found["plain"] + ["--compile"]
    if a.reference:
        of_reference = "f32" if workload.startswith("sample") else dtype
        found["reference"] = [a.python, a.reference_bench, workload, "--dtype", of_reference, "--steps", str(a.steps), "--threads", str(a.threads)]
    return found


def measure(command, env):
    ran = subprocess.run(command, capture_output=True, text=True, env=env)
    lines = [line for line in ran.stdout.splitlines() if line.startswith("{")]
    if ran.returncode or not lines:
        print("  failed: %s\n%s" % (" ".join(command), ran.stderr[-2000:]), file=sys.stderr)
        return None
    return json.loads(lines[-1])


def spread(values):
    return "%.2f" % values[0] if len(values) == 1 else "%.2f (%.2f to %.2f)" % (statistics.median(values), min(values), max(values))


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("workload", nargs="*", default=WORKLOADS)
    ap.add_argument("--workloads", help="another file of workloads")
    ap.add_argument("--dtype", nargs="+", default=["f32", "bf16"])
    ap.add_argument("--rounds", type=int, default=3)
    ap.add_argument("--steps", type=int, default=5)
    ap.add_argument("--threads", type=int, default=2)
    ap.add_argument("--reference", help="a checkout of the paper's reference")
    ap.add_argument("--reference-bench", default=str(HERE / "reference_bench.py"))
    ap.add_argument("--no-compile", action="store_true")
    ap.add_argument("--python", default=sys.executable)
    ap.add_argument("--out", help="every measurement as a line of JSON")
    a = ap.parse_args()
    env = dict(os.environ, **({"REFERENCE_DIR": a.reference} if a.reference else {}))
    out = open(a.out, "a") if a.out else None
    print("| workload | dtype | system | median s | ours is faster by | of the peak | peak MiB |\n|---|---|---|---|---|---|---|")
    for workload in a.workload:
        for dtype in a.dtype:
            rounds = []
            for number in range(a.rounds):
                took = {}
                for system, command in commands(a, workload, dtype).items():
                    result = measure(command, env)
                    if result:
                        took[system] = result
                        if out:
                            print(json.dumps(dict(result, system=system, round=number)), file=out, flush=True)
                if "fusedit" in took:
                    rounds.append(took)
            for system in commands(a, workload, dtype):
                with_it = [took for took in rounds if system in took]
                if not with_it:
                    print("| %s | %s | %s | failed | | | |" % (workload, dtype, system))
                    continue
                median = statistics.median(took[system]["median"] for took in with_it)
                ours = with_it[0]["fusedit"]
                peak = statistics.median(took["fusedit"]["matmul_peak"] for took in with_it)
                print("| %s | %s | %s | %.3f | %s | %.0f %% | %d |" % (
                    workload, dtype, system, median,
                    "" if system == "fusedit" else spread([took[system]["median"] / took["fusedit"]["median"] for took in with_it]),
                    100 * ours["flops"] / median / peak, max(took[system]["peak_mib"] for took in with_it)), flush=True)


if __name__ == "__main__":
    main()
