#!/usr/bin/env bash
# The checks of the program itself: real runs, held against what was accepted (ci/baselines), their schema, their
# determinism and their replays. `ci/check.sh --update REASON` accepts the runs as they are, and then checks as ever.
#
# All that is made goes below the folder of the build. Needs cargo, python3 with pip, and PyPI for the arroyo runs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

reason=""
case "${1:-}" in
"") ;;
--update)
    reason="${2:?--update needs a reason: it is written beside each finding}"
    ;;
*)
    echo "usage: ci/check.sh [--update REASON]" >&2
    exit 2
    ;;
esac

target="$(realpath -m "${CARGO_TARGET_DIR:-target}")"
out="$target/ci-check"
venv="$target/ci-venv"
racehunt="$target/release/racehunt"

step() { printf '\n=== check: %s\n' "$*"; }

# run_and_gate PATH: by its scenarios the run must pass, and by its baseline it must be no worse than what was accepted.
run_and_gate() {
    local name report baseline
    name="$(basename "$1" .toml)"
    report="$out/$name/report.json"
    baseline="ci/baselines/$name.json"
    step "racehunt run $1"
    if ! "$racehunt" run "$1" --out "$out" --quiet; then
        # The whole summary of a bad run is worth its length, of a good one it is not.
        "$racehunt" render "$report" --format text
        return 1
    fi
    if [ -n "$reason" ]; then
        "$racehunt" gate "$report" --baseline "$baseline" --update "$reason"
    fi
    step "racehunt gate, by $baseline"
    "$racehunt" gate "$report" --baseline "$baseline"
}

step "cargo build --release -p racehunt"
cargo build --release -p racehunt
rm -rf "$out"
mkdir -p "$out"

step "racehunt schema prints what reports/schema has"
for of in report scenario; do
    "$racehunt" schema "$of" | diff -u "reports/schema/$of.schema.json" -
done

run_and_gate scenarios/quickstart.toml

step "every exact finding of the quickstart replays"
"$racehunt" replay "$out/quickstart/report.json"

run_and_gate scenarios/metrics-buffer

step "one seed, one report: twice with two jobs, once with one"
for run in a:2 b:2 c:1; do
    "$racehunt" run ci/same-seed.toml --seed 7 --jobs "${run#*:}" --out "$out/${run%:*}" --quiet
done
for other in b c; do
    python3 -B ci/same.py "$out/a/same-seed/report.json" "$out/$other/same-seed/report.json"
done

step "the python package that the arroyo scenarios are about"
# Without a pip of its own, because Debian splits the one that venv brings into another package.
python3 -m venv --clear --without-pip "$venv"
python3 -m pip --python "$venv/bin/python3" install --quiet --disable-pip-version-check --root-user-action ignore \
    sentry-arroyo==2.36.0 jsonschema==4.25.1
PATH="$venv/bin:$PATH"
export PATH
# The adapter's tests skip what needs the package if it is missing; here it must not be.
python3 -B -c 'import arroyo.processing.processor'

step "the adapter's own tests"
python3 -B -m unittest discover -s scenarios/adapters/python/tests

run_and_gate scenarios/arroyo

step "every report is valid under the schema"
python3 -B ci/valid.py reports/schema/report.schema.json "$out"/*/report.json "$out"/[abc]/same-seed/report.json

printf '\nci/check.sh: everything holds\n'
