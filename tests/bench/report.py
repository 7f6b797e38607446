#!/usr/bin/env python3
"""report.py RESULTS ROUNDS: the page docs/benchmarks.md from what `tests/bench/run` measured.

Each target of the project is one row: what is measured, against what, the most (or least) that the
ratio may be, and whether it holds. A row without figures is left out, so a part can be run alone.
"""
import os
import platform
import sys

# title, subject, reference, sense, limit. "most": subject <= limit * reference; "least": reference >=
# limit * subject; None: no target, for information.
RATIOS = [
    ("`run --rm` / bare floor", "mini-run", "floor", "most", 2),
    ("`run --rm` / `docker run`", "mini-run", "docker-run", "least", 30),
    ("`run --rm` / `podman run`", "mini-run", "podman-run", None, None),
    ("`version` / static `true`", "mini-version", "static-true", "most", 3),
    ("`oci run` / crun", "mini-oci", "crun", "most", 0.5),
    ("`oci run` / runc", "mini-oci", "runc", "most", 0.2),
    ("`oci run` / runc, control groups as they are here", "mini-oci-as-is", "runc-as-is", "most", 0.2),
    ("`exec` / `docker exec`", "mini-exec", "docker-exec", "least", 20),
    ("`exec` / `podman exec`", "mini-exec", "podman-exec", None, None),
    ("one of five RUN steps, cold / `mini run`", "mini-step", "mini-run", "most", 2),
    ("five RUN steps, cold / docker", "mini-steps-cold", "docker-steps-cold", None, None),
    ("five RUN steps, cached / docker", "mini-steps-cached", "docker-steps-cached", "least", 20),
]
for command, title in (("save", "`save` of 300 MB"), ("load", "`load` of 300 MB")):
    RATIOS += [
        (f"{title} / docker", f"mini-{command}", f"docker-{command}", "least", 3),
        (f"{title} / podman", f"mini-{command}", f"podman-{command}", "least", 3),
    ]
RATIOS += [
    ("`run --rm` on the default network / with none", "mini-run-network", "mini-run-none", "most", 2),
    ("`run --rm -p` / with none", "mini-run-port", "mini-run-none", "most", 2),
    ("`run --rm` on the default network / docker", "mini-run-network", "docker-run-network", "least", 20),
    ("`run --rm -p` / docker", "mini-run-port", "docker-run-port", "least", 20),
]
for command, peer, limit in (("pull", "docker", 3), ("pull", "podman", 3), ("push", "docker", 2), ("push", "podman", 2)):
    RATIOS.append((f"{command} of a 300 MB image / {peer}", f"mini-{command}", f"{peer}-{command}", "least", limit))
for tree, title in (("files", "COPY 20,000 files"), ("big-file", "COPY one 512 MiB file")):
    RATIOS += [
        (f"{title}, cold / `cp -a` + `sha256sum`", f"mini-cold-{tree}", f"copy-and-hash-{tree}",
         "most", 2),
        (f"{title}, cold / docker", f"mini-cold-{tree}", f"docker-cold-{tree}", None, None),
        (f"{title}, cached / `find`", f"mini-cached-{tree}", f"find-{tree}", "most", 3),
        (f"{title}, cached / `find` that stats", f"mini-cached-{tree}", f"find-and-stat-{tree}",
         None, None),
        (f"{title}, cached / docker", f"mini-cached-{tree}", f"docker-cached-{tree}", None, None),
    ]

# title, Mbit/s of mini and of Docker; at least as much.
THROUGHPUT = [
    ("container to its host", "out"),
    ("through a published port, by this host's address", "published"),
    ("through a published port, by 127.0.0.1", "loopback"),
]

# title, name, unit, sense, limit
FIGURES = [
    ("private memory of a detached container's monitor", "mini-monitor-private-kib", "KiB", "most",
     1024),
    ("stripped binary", "mini-binary-kib", "KiB", "most", 10240),
    ("containers running at once, of 200", "mini-200-running", "", "least", 200),
    ("starting those 200, one after another", "mini-200-started-ms", "ms", None, None),
    ("peak memory of building 1 GiB of files", "mini-gigabyte.peak", "KiB", "most", 65536),
    ("`ps -a` with 1,000 containers", "mini-ps-1000.ms", "ms", "most", 50),
    ("`images` with 1,000 tags", "mini-images-1000.ms", "ms", "most", 50),
    ("shop: GET of a user through the gateway, every request traced", "shop-requests", "/s", "least", 5000),
    ("shop: the same, none traced", "shop-requests-untraced", "/s", None, None),
    ("shop: what tracing costs", "shop-tracing-cost-percent", "%", "most", 10),
    ("shop: 99 of 100 requests, traced, take at most", "shop-p99-us", "µs", "most", 20000),
    ("shop: largest image of a service", "shop-image-kib", "KiB", "most", 12288),
    ("shop: memory of the largest service under that load", "shop-memory-kib", "KiB", "most", 15360),
    ("shop: from `mini run` to the first answer", "shop-first-answer-us", "µs", "most", 50000),
]


HEAD = """# Benchmarks

Made by `tests/bench/run --write`, as root. All stores and trees lie on one loop-mounted ext4. In each
round every tool runs once, in turn, so that noise falls on all alike; figures are medians of {rounds}
rounds (5 of cold RUN steps, 3 of cold copies, pulls and pushes). `floor` is `tests/bench/floor.c`: the same namespaces,
overlay, pivot_root, exec and wait, and nothing else. crun refuses a hybrid tree of control groups, so
runtimes are compared without its v2 part, and again with it where they can. Two runs on a shared machine differ by a tenth and
more: read the ratios, not the milliseconds.

Machine: {processors} processors, Linux {kernel}.
"""


def read(path):
    times, figures, raw = {}, {}, []
    with open(path, encoding="utf-8") as file:
        for line in file:
            words = line.split()
            if len(words) == 4:
                name, median, lowest, peak = words[0], *map(int, words[1:])
                times[name] = median
                figures[name + ".ms"] = median / 1000
                figures[name + ".peak"] = peak
                raw.append((name, median, lowest, peak))
            elif len(words) == 2:
                figures[words[0]] = int(words[1])
    if "mini-steps-cold" in times:
        times["mini-step"] = times["mini-steps-cold"] / 5
    return times, figures, raw


def duration(us):
    return f"{us / 1e6:.2f} s" if us >= 1e6 else f"{us / 1000:.2f} ms"


def verdict(holds):
    return "yes" if holds else "**no**"


def ratio_rows(times):
    for title, subject, reference, sense, limit in RATIOS:
        if subject not in times or reference not in times:
            continue
        ours, theirs = times[subject], times[reference]
        if sense == "least":
            target, ratio, holds = f"≥ {limit} × faster", theirs / ours, theirs >= limit * ours
        elif sense == "most":
            target, ratio, holds = f"≤ {limit} ×", ours / theirs, ours <= limit * theirs
        else:
            target, ratio, holds = "", theirs / ours, None
        shown = f"{ratio:.2f} ×" if sense == "most" else f"{ratio:.1f} × faster"
        yield (title, duration(ours), duration(theirs), shown, target,
               "" if holds is None else verdict(holds))


def throughput_rows(figures):
    for title, name in THROUGHPUT:
        ours, theirs = figures.get(f"mini-{name}-mbit"), figures.get(f"docker-{name}-mbit")
        if ours and theirs:
            yield (title, f"{ours / 1000:.1f} Gbit/s", f"{theirs / 1000:.1f} Gbit/s",
                   f"{ours / theirs:.2f} ×", "≥ 1 ×", verdict(ours >= theirs))


def figure_rows(figures):
    for title, name, unit, sense, limit in FIGURES:
        if name not in figures:
            continue
        value = figures[name]
        holds = {None: None, "most": value <= (limit or 0), "least": value >= (limit or 0)}[sense]
        sign = {None: "", "most": f"≤ {limit} {unit}", "least": f"≥ {limit} {unit}"}[sense]
        yield (title, f"{value:.0f} {unit}".strip(), sign.strip(),
               "" if holds is None else verdict(holds))


def table(head, rows):
    rows = list(rows)
    if not rows:
        return ""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def main():
    times, figures, raw = read(sys.argv[1])
    print(HEAD.format(rounds=sys.argv[2], processors=os.cpu_count(), kernel=platform.release()))
    print("## Against the others\n")
    print(table(("what / reference", "mini", "reference", "ratio", "target", "reached"), ratio_rows(times)))
    print("## Throughput (iperf3, one stream)\n")
    print(table(("what", "mini", "docker", "ratio", "target", "reached"), throughput_rows(figures)))
    print("## Size and scale\n")
    print(table(("what", "measured", "target", "reached"), figure_rows(figures)))
    print("## All medians\n")
    print(table(("command", "median", "lowest", "peak memory"),
                ((name, duration(median), duration(lowest), f"{peak} KiB")
                 for name, median, lowest, peak in raw)))


main()
