"""JMH results (-rf json) as the tables of RESULTS.md: medians over the iterations, minima in brackets where they are lower by more than a
tenth. On a shared machine many short iterations and their minimum tell more than a mean; on a quiet one the two agree.
usage: python summary.py [--all] jmh-result.json ...        --all: every benchmark with minimum, lower quartile and median"""
import json
import statistics
import sys

SAFETENSORS_GB = 512 * 2**20 / 1e9
COLUMNS = {"Bridge": "ours", "JavaCpp": "JavaCPP as it comes", "JavaCppUncollected": "JavaCPP without its collection",
           "Djl": "DJL (libtorch 2.7.1)", "Bare": "bare C++ call"}
ROWS = {"mul": "`x.mul(y)`, 4 elements, result freed (ns)", "add": "`x.add(y)` (ns)", "mulNumber": "`x.mul(2.0)` (ns)",
        "mulGeneric": "mul by schema name, `Torch.call` (ns)", "mulInScope": "mul, freed 64 at a time by a scope (ns)",
        "size": "one size of a tensor (ns)", "chain": "19 products, sum, backward (µs)", "matmul": "512 × 512 matmul (ms)"}
THOUSANDS = {"chain", "matmul"}  # measured in ns and µs, shown in µs and ms
QUERIES = ["rank", "size", "shape", "numel", "dtype", "device", "requiresGrad", "isContiguous", "dataAddress"]


class Result:
    def __init__(self, values, unit=""):
        self.values, self.unit = sorted(values), unit
        self.min, self.median = self.values[0], statistics.median(self.values)
        self.quartile = self.values[len(self.values) // 4]

    def text(self, divisor=1):
        def number(value):
            value /= divisor
            return f"{value:,.0f}" if value >= 10 else f"{value:.2f}"
        return number(self.median) + (f" ({number(self.min)})" if self.min < 0.9 * self.median else "")


def read(paths):
    results = {}
    for path in paths:
        for result in json.load(open(path)):
            owner, method = result["benchmark"].rsplit(".", 2)[1:]
            key = (owner.removesuffix("Benchmark"), method, int(result.get("params", {}).get("bytes", 0)))
            metric = result["primaryMetric"]
            results[key] = Result([v for fork in metric["rawData"] for v in fork], metric["scoreUnit"])
    return results


def table(heads, rows):
    print("| " + " | ".join(heads) + " |\n|" + "---|" * len(heads))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print()


def ops(results):
    def cell(owner, op):
        key = {"Bare": ("Bridge", op + "Bare", 0), "Bridge": ("Query", "size", 0) if op == "size" else ("Bridge", op, 0)}
        result = results.get(key.get(owner, (owner, op, 0)))
        return result.text(1000 if op in THOUSANDS else 1) if result else ""
    rows = [[name] + [cell(owner, op) for owner in COLUMNS] for op, name in ROWS.items()]
    table(["", *COLUMNS.values()], [row for row in rows if any(row[1:])])


def copies(results):
    sizes = sorted({key[2] for key in results if key[0] == "Copy"})
    rows = []
    for method, name in {"toTensor": "array to new tensor", "toArray": "tensor to new array"}.items():
        for size in sizes:
            row = [results.get(key) for key in (("Copy", method, size), ("Copy", method + "Memcpy", size), ("Djl", method, size))]
            rows.append([f"{name}, {size // 1024:,} KiB (µs)"] + [r.text(1000) if r else "" for r in row])
    if rows:
        table(["", "ours", "`memcpy` into new memory", "DJL"], rows)


def goals(results):
    rows = []

    def goal(name, limit, value, needed, digits=0):
        """value: of one statistic of the results needed, all of which must be there"""
        found = [results.get(key) for key in needed]
        if all(found):
            rows.append([name, limit] + [f"{value(*(getattr(r, which) for r in found)):,.{digits}f}" for which in ("median", "min")])

    bridge = lambda name: ("Bridge", name, 0)
    goal("add above the bare call (ns)", "≤ 150", lambda own, bare: own - bare, [bridge("add"), bridge("addBare")])
    goal("of it, above the C ABI's entry: Java (ns)", "", lambda own, entry: own - entry, [bridge("add"), bridge("addByEntry")])
    goal("mul above the bare call, without the look-up by name (ns)", "(≤ 150)", lambda own, bare, lookup: own - bare - lookup,
         [bridge("mul"), bridge("mulBare"), bridge("lookup")])
    goal("the look-up by name (ns)", "", lambda lookup: lookup, [bridge("lookup")])
    for query in QUERIES:
        goal(f"`{query}` (ns)", "≤ 20", lambda time: time, [("Query", query, 0)], 1)
    goal("a scope, per tensor (ns)", "≤ 30", lambda own, bare: own - bare, [("Scope", "handles", 0), ("Scope", "handlesBare", 0)], 1)
    for size in sorted({key[2] for key in results if key[0] == "Copy"}):
        for method, name in {"toTensor": "array to tensor", "toArray": "tensor to array"}.items():
            goal(f"{name}, {size // 1024:,} KiB: share of memcpy's rate (%)", "≥ 80", lambda own, floor: 100 * floor / own,
                 [("Copy", method, size), ("Copy", method + "Memcpy", size)])
    goal("safetensors from the page cache (GB/s)", "≥ 1.5", lambda ms: SAFETENSORS_GB / ms * 1000, [("Safetensors", "load", 0)], 2)
    goal("the kernel's read of it into warm memory (GB/s)", "", lambda ms: SAFETENSORS_GB / ms * 1000, [("Safetensors", "readWarm", 0)], 2)
    if rows:
        table(["", "goal", "by medians", "by minima"], rows)


def listing(results):
    print(f"{'':38}{'min':>12}{'q1':>12}{'median':>12}")
    for (owner, method, size), result in results.items():
        name = f"{owner}.{method}" + (f" {size // 1024} KiB" if size else "")
        print(f"{name:38}{result.min:12,.1f}{result.quartile:12,.1f}{result.median:12,.1f} {result.unit}")


def main():
    results = read([argument for argument in sys.argv[1:] if argument != "--all"])
    if "--all" in sys.argv:
        listing(results)
        print()
    ops(results)
    copies(results)
    goals(results)


main()
