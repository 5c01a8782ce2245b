"""The fixed workloads, and what the scripts that time them share. Needs no PyTorch."""
import json
import os
import pathlib

BUILT_IN = pathlib.Path(__file__).parents[2] / "trainer/src/main/resources/dev/fusedit/trainer/bench/workloads.json"


def cores():
    """That this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def workload_of(file, name):
    """Its fields, those of the workload that it is like among them."""
    known = json.load(open(file))
    if name not in known:
        raise SystemExit("no workload is named '%s' in %s" % (name, file))
    w = known[name]
    return {**known[w["like"]], **w} if "like" in w else w
