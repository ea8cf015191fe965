#!/usr/bin/env python3
"""Fails unless the workflow files are YAML, their jobs hang together, their actions are pinned, their scripts parse, and
every command and form of racehunt that they use is there.

    ci/workflows.py RACEHUNT FILE...

Needs PyYAML and bash.
"""

import re
import subprocess
import sys

import yaml

PINNED = re.compile(r"^[\w.-]+/[\w./-]+@v\d+\.\d+\.\d+$")
OURS = {"stages", "default", "variables", "include", "workflow"}


def flat(script):
    """A GitLab script, whose anchors nest lists."""
    for line in script:
        if isinstance(line, list):
            yield from flat(line)
        else:
            yield line


def jobs(document):
    """Jobs by name: what they wait for, what they use, and their scripts."""
    if "jobs" in document:
        for name, job in document["jobs"].items():
            needs = job.get("needs", [])
            steps = job["steps"]
            uses = [step["uses"] for step in steps if "uses" in step]
            scripts = [step["run"] for step in steps if "run" in step]
            yield name, [needs] if isinstance(needs, str) else needs, uses, scripts
    else:
        for name, job in document.items():
            if name not in OURS and not name.startswith("."):
                assert job["stage"] in document["stages"], f"{name}: no stage {job['stage']}"
                yield name, job.get("needs", []), [], ["\n".join(flat(job["script"]))]


def check(racehunt, path):
    with open(path, encoding="utf-8") as file:
        document = yaml.safe_load(file)
    all_jobs = list(jobs(document))
    names = {name for name, *_ in all_jobs}
    assert names, f"{path}: no job"
    used, forms = set(), set()
    for name, needs, uses, scripts in all_jobs:
        for one in needs:
            assert one in names, f"{path}: {name} needs {one}, which is no job"
        for action in uses:
            assert PINNED.match(action), f"{path}: {name} uses {action}: pin it by its whole version"
        for script in scripts:
            # What the service fills in is a word to the shell.
            plain = re.sub(r"\$\{\{.*?\}\}", "word", script)
            subprocess.run(["bash", "-n"], input=plain, text=True, check=True)
            used |= set(re.findall(r"(?:racehunt|accepted)\"? ([a-z]+) ", plain))
            forms |= set(re.findall(r"--format ([a-z]+)", plain))
            forms |= set(re.findall(r"\b([a-z]+):[\w.]+\.(?:html|xml|sarif|md)\b", plain))
    assert {"run", "merge", "render", "gate"} <= used and forms, f"{path}: it uses only {used} and {forms}"
    for one in sorted(used):
        assert re.search(rf"^  {one} ", said(racehunt, "--help"), re.M), f"{path}: racehunt has no {one}"
    for one in sorted(forms):
        assert re.search(rf"- {one}: ", said(racehunt, "render", "--help")), f"{path}: there is no form {one}"


def said(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    for workflow in sys.argv[2:]:
        check(sys.argv[1], workflow)
        print(f"{workflow}: as it should be")
