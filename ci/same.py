#!/usr/bin/env python3
"""Fails unless two reports of model trials are the same but for times, and for where and how they were started.

    ci/same.py REPORT REPORT
"""

import json
import sys

OUTSIDE = {"started", "command", "environment", "elapsed_ns", "trial_time_ns"}


def differences(a, b, at=""):
    """Where two documents differ, as paths."""
    if isinstance(a, dict) and isinstance(b, dict):
        for key in sorted((a.keys() | b.keys()) - OUTSIDE):
            if key in a and key in b:
                yield from differences(a[key], b[key], f"{at}.{key}")
            else:
                yield f"{at}.{key}: in one of them only"
    elif isinstance(a, list) and isinstance(b, list):
        if len(a) != len(b):
            yield f"{at}: {len(a)} entries and {len(b)}"
        for n, (one, other) in enumerate(zip(a, b)):
            yield from differences(one, other, f"{at}[{n}]")
    elif a != b:
        yield f"{at}: {a!r} and {b!r}"


def main(one, other):
    reports = []
    for path in (one, other):
        with open(path, encoding="utf-8") as file:
            reports.append(json.load(file))
    findings = sum(len(t["findings"]) for s in reports[0]["scenarios"] for t in s["trials"])
    if findings == 0:
        sys.exit(f"{one}: no finding, so there is nothing to compare")
    found = list(differences(*reports))
    for line in found[:20]:
        print(line)
    if found:
        sys.exit(f"{one} and {other} differ in {len(found)} places")
    print(f"the same, with {findings} findings")


if __name__ == "__main__":
    main(*sys.argv[1:])
