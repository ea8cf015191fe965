#!/usr/bin/env bash
# The checks of the program itself: real runs, held against what was accepted (ci/baselines), their schema, their
# determinism and their replays. `ci/check.sh --update REASON` accepts the runs as they are (what is known keeps the reason it
# has), and then checks as ever.
#
# All that is made goes below the folder of the build. Needs cargo, python3 with pip, PyPI for the runs of real
# packages, a Chromium (ci/html.sh), and root and Debian's packages for the Slurm recipe.
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
venvs="$target/ci-venv"
racehunt="$target/release/racehunt"
# The one with pip: those of the virtual environments have none.
python="$(command -v python3)"

step() { printf '\n=== check: %s\n' "$*"; }

# run_and_gate PATH: by its scenarios the run must pass, and by its baseline it must be no worse than what was accepted.
run_and_gate() {
    local name report baseline
    report="$out/$(basename "$1" .toml)/report.json"
    name="${1#scenarios/}"
    name="${name%.toml}"
    baseline="ci/baselines/${name//\//-}.json"
    step "racehunt run $1"
    if ! "$racehunt" run "$1" --out "$out" --quiet; then
        # The whole summary of a bad run is worth its length, of a good one it is not.
        "$racehunt" render "$report" --format text
        return 1
    fi
    if [ -n "$reason" ]; then
        "$racehunt" gate "$report" --baseline "$baseline" --update "$reason"
    fi
    step "racehunt gate, by $baseline and ci/gate.toml"
    "$racehunt" gate "$report" --baseline "$baseline" --policy ci/gate.toml
}

# venv NAME PACKAGE...: a virtual environment with these packages; more arguments go to pip.
venv() {
    # Without a pip of its own, because Debian splits the one that venv brings into another package.
    "$python" -m venv --clear --without-pip "$venvs/$1"
    into "$@"
}
into() {
    "$python" -m pip --python "$venvs/$1/bin/python3" install --quiet --disable-pip-version-check \
        --root-user-action ignore "${@:2}"
}

# openlayer VERSION: its scenarios and the adapter's tests, with that version of the package.
openlayer() {
    local name="openlayer-$1"
    step "the python package openlayer $1"
    # The package's other dependencies are not imported by the part that is driven, and two of them are large.
    venv "$name" anyio==4.16.0 distro==1.9.0 httpx==0.28.1 pydantic==2.14.3 pyyaml==6.0.3 sniffio==1.3.1 \
        typing-extensions==4.16.0
    into "$name" --no-deps "openlayer==$1"
    local -x PATH="$venvs/$name/bin:$PATH"
    python3 -B -c 'import openlayer.lib.tracing.tracer'
    step "the adapter's tests with openlayer $1"
    python3 -B -m unittest discover -s scenarios/adapters/python/tests -p 'test_openlayer*'
    run_and_gate "scenarios/openlayer/$1"
}

# watchdog VERSION: its scenarios and the adapter's tests, with that version of the package.
watchdog() {
    local name="watchdog-$1"
    step "the python package watchdog $1"
    venv "$name" "watchdog==$1"
    local -x PATH="$venvs/$name/bin:$PATH"
    python3 -B -c 'import watchdog.observers'
    step "the adapter's tests with watchdog $1"
    python3 -B -m unittest discover -s scenarios/adapters/python/tests -p 'test_watchdog*'
    run_and_gate "scenarios/watchdog/$1"
}

step "cargo build --release -p racehunt"
cargo build --release -p racehunt
rm -rf "$out"
mkdir -p "$out"

step "racehunt schema prints what reports/schema has"
for of in report scenario selftest; do
    "$racehunt" schema "$of" | diff -u "reports/schema/$of.schema.json" -
done
"$racehunt" schema policy | diff -u ci/gate.schema.json -

step "every exact finding of the quickstart replays"
"$racehunt" run scenarios/quickstart.toml --out "$out" --quiet
"$racehunt" replay "$out/quickstart/report.json"

step "what racehunt new writes"
ci/new.sh "$racehunt"

# The whole catalogue but what runs on request.
run_and_gate scenarios

step "the pages open in a real browser"
ci/html.sh "$racehunt" "$out/scenarios/report.json" "$out/quickstart/report.json" "$out/html"

step "the self-test notices nine of ten mutants of the hardened variants"
"$racehunt" selftest --out "$out/selftest" | sed -n '/^[a-z].* survived$/,/^$/p;$p'

step "one seed, one report: twice with two jobs, once with one"
for run in a:2 b:2 c:1; do
    "$racehunt" run ci/same-seed.toml --seed 7 --jobs "${run#*:}" --out "$out/${run%:*}" --quiet
done
for other in b c; do
    python3 -B ci/same.py "$out/a/same-seed/report.json" "$out/$other/same-seed/report.json"
done

step "a soak that is killed and resumed, and two that find something"
ci/soak.sh "$racehunt" "$out/soak" 1 >"$out/soak.txt" 2>&1 || { cat "$out/soak.txt"; exit 1; }
grep -E '^[0-9]+ ids in ' "$out/soak.txt"

step "the workflow files"
venv workflows pyyaml==6.0.3
"$venvs/workflows/bin/python3" -B ci/workflows.py "$racehunt" ci/github-actions.yml ci/gitlab-ci.yml

step "the Slurm recipe, on a cluster of this machine's own"
ci/slurm-test.sh "$racehunt"

step "the python package that the arroyo scenarios are about"
venv arroyo sentry-arroyo==2.36.0 jsonschema==4.25.1
PATH="$venvs/arroyo/bin:$PATH"
export PATH
# The adapter's tests skip what needs the package if it is missing; here it must not be.
python3 -B -c 'import arroyo.processing.processor'

step "the adapters' own tests"
python3 -B -m unittest discover -s scenarios/adapters/python/tests

run_and_gate scenarios/arroyo

openlayer 0.29.1
openlayer 0.36.0

watchdog 3.0.0
watchdog 7.1.0

step "every report is valid under the schema"
python3 -B ci/valid.py reports/schema/report.schema.json "$out"/*/report.json \
    "$out"/[abc]/same-seed/report.json "$out"/soak/*/report.json

printf '\nci/check.sh: everything holds\n'
