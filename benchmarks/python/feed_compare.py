"""Feeds the same shards side by side with webdataset, Pillow and PyTorch's DataLoader; taking turns, a process each.

    python feed_compare.py SHARDS [--images 4000] [--warm-up 1500] [--rounds 5] [--floats] [--out results.jsonl]

SHARDS is a folder that `feed_shards.py` made. Needs torch, torchvision, webdataset and psutil.
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


def commands(a):
    counts = ["--images", str(a.images), "--warm-up", str(a.warm_up)]
    shards = sorted(pathlib.Path(a.shards).resolve().glob("*.tar"))
    braces = "%s/{%s..%s}.tar" % (shards[0].parent, shards[0].stem, shards[-1].stem)
    return {"fusedit": [str(ROOT / "fusedit"), "bench", "feed", str(ROOT / "benchmarks/feed.yaml"), "--json", "--set",
                        "data.shards=[%s]" % shards[0].parent, *counts],
            "python": [sys.executable, str(HERE / "feed.py"), braces, *counts, *(["--floats"] if a.floats else [])]}


def measure(command):
    ran = subprocess.run(command, capture_output=True, text=True)
    lines = [line for line in ran.stdout.splitlines() if line.startswith("{")]
    if not lines:
        sys.exit("failed: %s\n%s" % (" ".join(command), ran.stderr[-3000:]))
    return json.loads(lines[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shards")
    parser.add_argument("--images", type=int, default=4000)
    parser.add_argument("--warm-up", type=int, default=1500)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--floats", action="store_true", help="Python makes normalized floats, as training scripts do")
    parser.add_argument("--out", help="every measurement as a line of JSON")
    a = parser.parse_args()
    subprocess.run([str(ROOT / "fusedit"), "--version"], check=True, stdout=subprocess.DEVNULL)  # builds what is not built
    rounds = []
    for number in range(a.rounds):
        took = {}
        for system, command in commands(a).items():
            took[system] = measure(command)
            line = json.dumps(dict(took[system], system=system, round=number, load=os.getloadavg()[0]))
            print(line, file=sys.stderr, flush=True)
            if a.out:
                with open(a.out, "a") as lines:
                    print(line, file=lines)
        rounds.append(took)
    for field in ("images_per_second", "cpu_ms_per_image"):
        values = {system: statistics.median(each[system][field] for each in rounds) for system in rounds[0]}
        ratios = sorted(each["fusedit"][field] / each["python"][field] for each in rounds)
        print("%s: ours %.2f, Python %.2f, ratio %.2f (%.2f to %.2f)" % (field, values["fusedit"], values["python"],
                                                                        statistics.median(ratios), ratios[0], ratios[-1]))


if __name__ == "__main__":
    main()
