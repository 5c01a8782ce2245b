"""How far the order of a study's arms agrees with published figures of the same arms.

    python3 examples/rank_correlation.py docs/studies

Reads DIR/STUDY/table.csv (a row for each run, as 'fusedit study' writes it) and DIR/published.csv (source, study, arm, metric, value). For each
metric of ours and each of theirs over the arms that both have: Spearman's rho and Kendall's tau-b with their exact p-values, one-sided: the share
of all orders of the arms that agree at least as well. With three arms no p is below 1/6.

Needs Python 3.9 and nothing else. '--check' computes known values.
"""
import argparse
import csv
import itertools
import math
import os
import sys
from collections import defaultdict

# Of a study's table: which way is up.
OURS = {"validation_flow": -1, "caption_gap": 1, "caption_accuracy": 1, "seen": 1, "heldout": 1}
# Published metrics for which lower is better.
LOWER = {"fid", "cmmd", "loss"}
MOST_EXACT = 8


def ranks(values):
    """From 1; equal values share the mean of their ranks."""
    order = sorted(range(len(values)), key=lambda i: values[i])
    found = [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end + 1 < len(order) and values[order[end + 1]] == values[order[start]]:
            end += 1
        for i in order[start:end + 1]:
            found[i] = (start + end) / 2 + 1
        start = end + 1
    return found


def spearman(a, b):
    """NaN where all of one side are equal."""
    a, b = ranks(a), ranks(b)
    mean = (len(a) + 1) / 2
    product = sum((x - mean) * (y - mean) for x, y in zip(a, b))
    spread = math.sqrt(sum((x - mean) ** 2 for x in a) * sum((y - mean) ** 2 for y in b))
    return product / spread if spread else math.nan


def kendall(a, b):
    """tau-b; NaN where all of one side are equal."""
    pairs = list(itertools.combinations(range(len(a)), 2))
    sign = lambda x: (x > 0) - (x < 0)
    first = [sign(a[i] - a[j]) for i, j in pairs]
    second = [sign(b[i] - b[j]) for i, j in pairs]
    spread = math.sqrt(sum(x * x for x in first) * sum(y * y for y in second))
    return sum(x * y for x, y in zip(first, second)) / spread if spread else math.nan


def exact(statistic, a, b):
    """The share of all orders of b that agree with a at least as well."""
    seen = statistic(a, b)
    if math.isnan(seen) or len(a) > MOST_EXACT:
        return math.nan
    all_orders = [statistic(a, order) for order in itertools.permutations(b)]
    return sum(value >= seen - 1e-9 for value in all_orders) / len(all_orders)


def means(table):
    """By metric, then by arm, the mean over the seeds; a number that is the larger the better it is."""
    sums = defaultdict(lambda: defaultdict(list))
    with open(table, newline="") as file:
        for row in csv.DictReader(file):
            for metric, up in OURS.items():
                if row.get(metric):
                    sums[metric][row["arm"]].append(up * float(row[metric]))
    return {metric: {arm: sum(values) / len(values) for arm, values in arms.items()} for metric, arms in sums.items()}


def published(path):
    """By (source, study, metric), then by arm."""
    found = defaultdict(dict)
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            up = -1 if row["metric"] in LOWER else 1
            found[row["source"], row["study"], row["metric"]][row["arm"]] = up * float(row["value"])
    return found


def report(folder):
    rows = []
    for (source, study, metric), theirs in sorted(published(os.path.join(folder, "published.csv")).items()):
        table = os.path.join(folder, study, "table.csv")
        if not os.path.exists(table):
            print(f"{study}: no {table} yet", file=sys.stderr)
            continue
        for own, arms in means(table).items():
            both = sorted(set(arms) & set(theirs))
            if len(both) < 2:
                continue
            a, b = [arms[arm] for arm in both], [theirs[arm] for arm in both]
            rows.append((study, own, f"{source}, {metric}", str(len(both)), figure(spearman(a, b)), figure(exact(spearman, a, b)),
                         figure(kendall(a, b)), figure(exact(kendall, a, b)), " ".join(both)))
    heads = ("study", "ours", "theirs", "arms", "Spearman", "p", "Kendall", "p", "which")
    for row in [heads, ("---",) * len(heads)] + rows:
        print("| " + " | ".join(row) + " |")


def figure(value):
    return "-" if math.isnan(value) else f"{value:.2f}"


def check():
    assert spearman([1, 2, 3], [10, 20, 30]) == 1 and kendall([1, 2, 3], [3, 2, 1]) == -1
    assert ranks([5, 1, 5]) == [2.5, 1, 2.5]
    assert abs(spearman([1, 2, 3, 4, 5], [5, 6, 7, 8, 7]) - 0.8207826817) < 1e-9  # the textbook example with one tie
    assert abs(exact(kendall, [1, 2, 3], [1, 2, 3]) - 1 / 6) < 1e-12
    assert math.isnan(spearman([1, 1], [1, 2]))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", default="docs/studies")
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    check() if arguments.check else report(arguments.folder)
