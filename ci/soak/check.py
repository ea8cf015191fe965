"""Holds the report of a soak against itself.

    check.py clean REPORT MINUTES    nothing is wrong, every leg counts once, the sums are those of the legs, the harness is flat
    check.py broken REPORT           every id of which something is wrong is named, and they are as many as the ledger says
"""

import json
import sys


def fail(why):
    sys.exit(f"ci/soak/check.py: {why}")


def equal(what, a, b):
    if a != b:
        fail(f"{what}: {a} is not {b}")


def ledgers(report, key):
    return sum(trial["ledger"][key] for one in report["scenarios"] for trial in one["trials"])


def clean(report, minutes):
    soak = report["soak"]
    trials = [trial for one in report["scenarios"] for trial in one["trials"]]
    equal("verdict", report["verdict"], "pass")
    equal("resumed", soak["resumed"], 1)
    if soak["elapsed_ns"] < minutes * 60e9:
        fail(f"{soak['elapsed_ns'] / 60e9:.1f} minutes soaked, not {minutes}")
    equal("executions and legs", sum(trial["executions"] for trial in trials), soak["legs"])
    points = soak["points"]
    # Of more than 600 legs some points are let go.
    if soak["legs"] <= 600:
        equal("legs that have a point", [point["leg"] for point in points], list(range(1, soak["legs"] + 1)))
        equal("accepted ids", ledgers(report, "accepted"), sum(point["accepted"] for point in points))
        equal("calls", sum(trial["ops"] for trial in trials), sum(point["ops"] for point in points))
    for kind in ("lost", "duplicated", "phantom"):
        equal(kind, ledgers(report, kind), 0)
    if not sum(trial["crashes"] for trial in trials):
        fail("no process was killed")
    [memory] = [drift for drift in soak["drift"] if drift["of"] == "harness memory"]
    # A shorter soak may not tell.
    if memory["bad"] or (minutes >= 6 and memory["verdict"] != "flat"):
        fail(f"the memory of the harness is not flat: {memory}")


def broken(report):
    soak = report["soak"]
    equal("verdict", report["verdict"], "fail")
    equal("ids that are not named", soak["unnamed"], 0)
    total = 0
    for kind in ("lost", "duplicated", "phantom"):
        named = sum(len(set(leg["ids"][kind])) for leg in soak["ids"])
        equal(f"{kind}, named", named, ledgers(report, kind))
        total += named
    if total == 0:
        fail("nothing was wrong")
    print(f"{total} ids in {soak['legs']} legs, each named")


what, path, *rest = sys.argv[1:]
with open(path, encoding="utf-8") as file:
    document = json.load(file)
clean(document, float(rest[0])) if what == "clean" else broken(document)
