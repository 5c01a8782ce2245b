"""Rows and previews of a run for Weights & Biases.

    ./fusedit train quickstart --set logging.hook='python examples/hooks/wandb_hook.py'

Needs `pip install wandb pillow`. Offline: WANDB_MODE=offline, and `wandb sync` later. A run that goes on is the same run there too.
"""

import hashlib
import json
import os
import sys

import wandb
import yaml


def numbers(row, prefix):
    """The numbers of a row, also those within objects; JSON has no NaN, so they come as texts."""
    found = {}
    for key, value in row.items():
        if key in ("step", "event", "stage"):
            continue
        if isinstance(value, dict):
            found.update(numbers(value, f"{prefix}{key}/"))
        elif value in ("NaN", "Infinity", "-Infinity"):
            found[prefix + key] = float(value)
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            found[prefix + key] = value
    return found


def begin(row):
    with open(row["recipe"], encoding="utf-8") as file:
        recipe = yaml.safe_load(file)
    return wandb.init(
        project=os.environ.get("WANDB_PROJECT", "fusedit"),
        name=row["name"],
        id=hashlib.sha256(row["run"].encode()).hexdigest()[:16],
        resume="allow",
        dir=row["run"],
        config=recipe,
    )


def main():
    run, finished = None, False
    for line in sys.stdin:
        row = json.loads(line)
        event = row.get("event", "train")
        if event == "start":
            run = begin(row)
        elif event == "preview":
            run.log({"preview": wandb.Image(row["path"])}, step=row["step"])
        elif event == "end":
            finished = row["finished"]
            if "samples" in row:
                run.log({"samples": wandb.Image(row["samples"])})
            if "result" in row:
                with open(row["result"], encoding="utf-8") as file:
                    run.summary.update(json.load(file))
        else:
            run.log(numbers(row, event + "/"), step=row["step"])
    if run is not None:
        run.finish(exit_code=0 if finished else 1)


main()
