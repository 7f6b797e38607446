"""slowest.py COUNT STEPS JUNIT.xml...: what took longest, a line each, longest first: steps ("SECONDS<tab>NAME" a line) and tests."""
import sys
import xml.etree.ElementTree

count, steps, *reports = sys.argv[1:]
times = []
with open(steps, encoding="utf-8") as lines:
    for line in lines:
        seconds, name = line.rstrip("\n").split("\t", 1)
        times.append((float(seconds), name))
for report in reports:
    for case in xml.etree.ElementTree.parse(report).iter("testcase"):
        times.append((float(case.get("time", 0)), case.get("name")))
for seconds, name in sorted(times, reverse=True)[: int(count)]:
    print(f"{seconds:7.0f} s  {name}")
