#!/usr/bin/env bash
# How often the gate catches what it must: N whole gates (default 20) on a build whose flush takes a fifth longer, and N on
# one in which MB3 is open again under the name `hardened`. Fails if one of them passes.
#
#     ci/gate-power.sh [N]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. ci/gate-tries.sh
n="${1:-20}"

build old "$target" ""
build slow "$target/gate-twin" planted-slow-flush
build mb3 "$target/gate-twin" planted-mb3
accept "$out/old"
missed=0
# catches FAULT WHAT: the gate must fail, and say what of it.
catches() {
    local caught=0 started=$SECONDS i
    echo "load before: $(load)"
    for i in $(seq "$n"); do
        gate "$1" "$i" "$out/old" "$out/$1"
        if [ "$code" -eq 1 ] && grep -q -- "$2" "$out/$1.txt"; then
            caught=$((caught + 1))
        else
            echo "gate $i:"
            cat "$out/$1.txt"
        fi
    done
    echo "load after: $(load); $((SECONDS - started)) s; the last one said:"
    cat "$out/$1.txt"
    echo "$1: caught in $caught of $n"
    missed=$((missed + n - caught))
}
catches slow '^- slower: p50 of flush, '
catches mb3 '^- new finding: lost in hardened by shuttle, '
[ "$missed" -eq 0 ]
