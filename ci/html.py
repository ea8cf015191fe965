#!/usr/bin/env python3
"""Opens pages that racehunt made in a real headless Chromium and fails unless they work. Standard library only.

    ci/html.py check PAGE [--out DIR]     every check on one page; DIR gets the screenshots
    ci/html.py many REPORT COUNT          the report with COUNT findings, on stdout
"""

import argparse
import copy
import json
import pathlib
import re
import signal
import sys

import browser

VISIBLE = "[...document.querySelectorAll('.%s')].filter((el) => el.getClientRects().length > 0).length"


def must(holds, what):
    if not holds:
        raise browser.Failed(what)


def visible(page, kind):
    return page.run(VISIBLE % kind)


def look(page, path, out):
    """It opens without a complaint, loads nothing, and is not empty, light and dark."""
    took = page.open(path.as_uri())
    must(not page.complaints, f"the console says: {page.complaints}")
    must([url for url in page.requests if not url.startswith("data:")] == [path.as_uri()], f"it loads {page.requests}")
    ids = page.run("(() => { const ids = [...document.querySelectorAll('[id]')].map((el) => el.id);"
                   " return ids.length - new Set(ids).size; })()")
    must(ids == 0, f"{ids} names of places stand for two")
    for scheme, least, most in (("light", 160, 255), ("dark", 0, 90)):
        page.scheme(scheme)
        found = browser.colours(page.screenshot(out and out / f"{path.stem}-{scheme}.png"))
        must(len(found) > 30, f"{scheme}: only {len(found)} colours")
        light = sum(sum(colour) / 3 * n for colour, n in found.items()) / sum(found.values())
        must(least <= light <= most, f"{scheme}: the mean brightness is {light:.0f}")
    page.scheme("light")
    print(f"  {path.stat().st_size / 1e6:.1f} MB, there after {took:.2f} s, {visible(page, 'finding')} findings")


def narrow(page):
    """The filter leaves what has the words, and no more."""
    all_of = {kind: visible(page, kind) for kind in ("scenario", "finding")}
    names = page.run("[...document.querySelectorAll('.finding > .body')].map((el) => el.id)")
    fingerprint = names[-1].removeprefix("finding-")[:16]
    page.run("document.getElementById('text').focus()")
    page.type(fingerprint)
    # Of a fingerprint that scenarios share each has a finding of its own.
    wanted = sum(name.startswith(f"finding-{fingerprint}") for name in names)
    must(visible(page, "finding") == wanted, f"by its fingerprint: {visible(page, 'finding')} findings, not {wanted}")
    must(visible(page, "scenario") == 0, "a scenario has the fingerprint of a finding")
    page.run("document.getElementById('text').select()")
    page.type("no-such-word-anywhere")
    must(visible(page, "finding") == 0, "a word that is nowhere leaves findings")
    shown = page.run("document.getElementById('shown').textContent")
    must(shown.startswith("0 of ") and f"0 of {all_of['finding']} findings" in shown, f"it says {shown!r}")
    # A link leads past the filter.
    page.run(f"location.hash = 'finding-{fingerprint}'; new Promise((done) => setTimeout(done, 100))")
    must(visible(page, "finding") == all_of["finding"], "a link does not lead past the filter")
    for which, attribute in (("verdict", "verdict"), ("engine", "engines")):
        options = page.run(f"[...document.getElementById('{which}').options].map((one) => one.value)")
        for value in filter(None, options):
            page.run(f"(() => {{ const one = document.getElementById('{which}'); one.value = '{value}';"
                     " one.dispatchEvent(new Event('input', { bubbles: true })); })()")
            wanted = page.run(f"document.querySelectorAll('.finding[data-{attribute}~=\"{value}\"]').length")
            must(visible(page, "finding") == wanted, f"{which} {value}: {visible(page, 'finding')}, not {wanted}")
        page.run("document.getElementById('filter').reset(); new Promise((done) => setTimeout(done, 50))")
    must({kind: visible(page, kind) for kind in all_of} == all_of, "a reset does not bring all back")


def link(page, path):
    """An address with a finding's or a scenario's name opens it and brings it into view."""
    names = page.run("['.finding', '.scenario'].flatMap((kind) => [...document.querySelectorAll(kind + ' > .body')]"
                     ".map((el) => el.id).filter((_, i, all) => i === 0 || i === all.length - 1))")
    for name in names:
        page.open(f"{path.as_uri()}#{name}")
        state = page.run(f"(() => {{ const el = document.getElementById('{name}').parentElement;"
                         " const at = el.getBoundingClientRect(); return [el.open, at.top]; })()")
        must(state[0], f"#{name} does not open")
        must(-5 <= state[1] <= 700, f"#{name} is {state[1]:.0f} px from the top")
        must(not page.complaints, f"#{name}: the console says: {page.complaints}")
    return next((name for name in names if name.startswith("finding")), None)


def print_out(page, path):
    """On paper all is unfolded."""
    page.open(path.as_uri())
    page.scheme("dark", media="print")
    height = page.run("document.querySelector('.finding .body').getBoundingClientRect().height")
    must(height > 40, f"on paper a folded finding is {height} px high")
    ground = page.run("getComputedStyle(document.body).backgroundColor")
    must(ground == "rgb(255, 255, 255)", f"paper is {ground}")
    page.scheme("light")
    pdf = page.pdf()
    must(pdf.startswith(b"%PDF") and len(pdf) > 10_000, f"a PDF of {len(pdf)} bytes")
    pages = len(re.findall(rb"/Type\s*/Page\b", pdf))
    print(f"  printed: {pages} pages, {len(pdf) / 1e6:.1f} MB")


def without_script(page, path, name):
    """It can be read where no script runs."""
    page.ask("Emulation.setScriptExecutionDisabled", value=True)
    page.open(f"{path.as_uri()}#{name}")
    root = page.ask("DOM.getDocument")["root"]["nodeId"]

    def attributes(selector):
        node = page.ask("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        must(node, f"there is no {selector}")
        return node, page.ask("DOM.getAttributes", nodeId=node)["attributes"]

    must("hidden" in attributes("#filter")[1], "a filter that does nothing is shown")
    body, _ = attributes(f"[id='{name}']")
    high = page.ask("DOM.getBoxModel", nodeId=body)["model"]["height"]
    must(high > 40, f"#{name} stays folded: {high} px")
    page.ask("Emulation.setScriptExecutionDisabled", value=False)


def check(path, out, paper):
    print(path.name)
    if out:
        out.mkdir(parents=True, exist_ok=True)
    with browser.Browser() as page:
        page.size(1280, 900)
        look(page, path, out)
        if visible(page, "finding"):
            narrow(page)
        name = link(page, path)
        if name:
            if out:
                page.open(f"{path.as_uri()}#{name}")
                page.screenshot(out / f"{path.stem}-finding.png")
            without_script(page, path, name)
            if paper:
                print_out(page, path)
        must(not page.complaints, f"the console says: {page.complaints}")


def many(report, count):
    """Copies findings under fingerprints of their own until there are so many; every third is unexpected."""
    places = [(one, trial) for one in report["scenarios"] for trial in one["trials"] if trial["findings"]]
    must(places, "the report has no finding to copy")
    patterns = [(one, trial, finding) for one, trial in places for finding in trial["findings"]]
    for one, trial in places:
        trial["findings"] = []
    for number in range(count):
        one, trial, pattern = patterns[number % len(patterns)]
        finding = copy.deepcopy(pattern)
        finding["fingerprint"] = f"{number:016x}"
        trial["findings"].append(finding)
        if number % 3 == 0:
            one["unexpected"].append({
                "trial": trial["trial"]["id"], "fingerprint": finding["fingerprint"],
                "variant": trial["trial"]["variant"], "engine": "shuttle", "kind": finding["kind"],
                "message": finding["message"], "in_executions": finding["count"],
                "of_executions": trial["executions"],
            })
    json.dump(report, sys.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("check")
    one.add_argument("page", type=pathlib.Path)
    one.add_argument("--out", type=pathlib.Path)
    one.add_argument("--no-paper", action="store_true", help="do not print it: a page of thousands takes minutes")
    more = commands.add_parser("many")
    more.add_argument("report", type=argparse.FileType(encoding="utf-8"))
    more.add_argument("count", type=int)
    args = parser.parse_args()
    # A timeout ends the browser, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ci/html.py: ended by a signal"))
    try:
        if args.command == "many":
            many(json.load(args.report), args.count)
        else:
            check(args.page.resolve(), args.out, not args.no_paper)
    except browser.Failed as why:
        sys.exit(f"ci/html.py: {why}")


if __name__ == "__main__":
    main()
