"""slowest.py JUNIT.xml COUNT: the tests that took longest, a line each, longest first."""
import sys
import xml.etree.ElementTree

cases = xml.etree.ElementTree.parse(sys.argv[1]).iter("testcase")
times = sorted(((float(case.get("time", 0)), case.get("name")) for case in cases), reverse=True)
for seconds, name in times[: int(sys.argv[2])]:
    print(f"{seconds:8.0f} s  {name}")
