"""Rows and previews of a run for MLflow.

    ./fusedit train quickstart --set logging.hook='python examples/hooks/mlflow_hook.py'

Needs `pip install mlflow` (`mlflow-skinny` is enough to write). Offline: MLFLOW_TRACKING_URI=sqlite:///mlflow.db, and `mlflow ui` later.
A run that goes on is the same run there too.
"""

import json
import os
import sys
import time

import mlflow
import yaml
from mlflow.entities import Metric, Param

TAG = "fusedit.run"
LONGEST_PARAM = 500
MOST_PARAMS = 100


def flat(tree, prefix=""):
    """A recipe's keys as --set has them."""
    for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
        name = value["name"] if isinstance(value, dict) and isinstance(tree, list) and "name" in value else str(key)
        if isinstance(value, (dict, list)):
            yield from flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, str(value)[:LONGEST_PARAM]


def numbers(row, prefix):
    """The numbers of a row, also those within objects; JSON has no NaN, so they come as texts."""
    for key, value in row.items():
        if key in ("step", "event", "stage"):
            continue
        if isinstance(value, dict):
            yield from numbers(value, f"{prefix}{key}/")
        elif value in ("NaN", "Infinity", "-Infinity") or isinstance(value, (int, float)) and not isinstance(value, bool):
            yield prefix + key, float(value)


class Tracked:
    def __init__(self, row):
        self.client = mlflow.MlflowClient()
        name = os.environ.get("MLFLOW_EXPERIMENT_NAME", "fusedit")
        experiment = self.client.get_experiment_by_name(name)
        place = experiment.experiment_id if experiment else self.client.create_experiment(name)
        before = self.client.search_runs([place], f"tags.`{TAG}` = '{row['run']}'")
        if before and row["step"] > 0:
            self.id = before[0].info.run_id
            self.client.update_run(self.id, "RUNNING")
            return
        self.id = self.client.create_run(place, tags={TAG: row["run"]}, run_name=row["name"]).info.run_id
        with open(row["recipe"], encoding="utf-8") as file:
            params = [Param(key, value) for key, value in flat(yaml.safe_load(file))]
        for i in range(0, len(params), MOST_PARAMS):
            self.client.log_batch(self.id, params=params[i : i + MOST_PARAMS])
        self.client.log_artifact(self.id, row["recipe"])

    def log(self, row, event):
        now = int(time.time() * 1000)
        self.client.log_batch(self.id, metrics=[Metric(key, value, now, row["step"]) for key, value in numbers(row, event + "/")])

    def end(self, row):
        for name in ("result", "samples"):
            if name in row:
                self.client.log_artifact(self.id, row[name])
        self.client.set_terminated(self.id, "FINISHED" if row["finished"] else "KILLED")


def main():
    run = None
    for line in sys.stdin:
        row = json.loads(line)
        event = row.get("event", "train")
        if event == "start":
            run = Tracked(row)
        elif event == "preview":
            run.client.log_artifact(run.id, row["path"], "previews")
        elif event == "end":
            run.end(row)
        else:
            run.log(row, event)


main()
