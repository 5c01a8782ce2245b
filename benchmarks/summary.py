"""Minimum, lower quartile and median over the iterations of a JMH run (-rf json). On a shared machine many short iterations
(-r 10ms -i 300) and their minimum tell more than a mean. usage: python summary.py jmh-result.json"""
import json
import statistics
import sys

print(f"{'':30}{'min':>10}{'q1':>10}{'median':>10}")
for result in json.load(open(sys.argv[1])):
    raw = sorted(v for fork in result["primaryMetric"]["rawData"] for v in fork)
    name = ".".join(result["benchmark"].rsplit(".", 2)[1:]).replace("Benchmark", "")
    print(f"{name:30}{raw[0]:10.0f}{raw[len(raw) // 4]:10.0f}{statistics.median(raw):10.0f} {result['primaryMetric']['scoreUnit']}")
