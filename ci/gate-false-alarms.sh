#!/usr/bin/env bash
# How often the gate fails on two builds of the same source: N whole gates (default 100), each a run and a rerun of every
# figure in pairs. Fails if more than one in a hundred does. Which of the two is the accepted build changes every time.
#
#     ci/gate-false-alarms.sh [N]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. ci/gate-tries.sh
n="${1:-100}"

# Compiled twice, into two folders, and not copied.
build one "$target" ""
build two "$target/gate-twin" ""
if cmp -s "$out/one" "$out/two"; then echo "two builds, byte for byte the same"; else echo "two builds that differ"; fi
accept "$out/one"
echo "load before: $(load)"
started=$SECONDS
failed=0
unknown=0
for i in $(seq "$n"); do
    if [ $((i % 2)) -eq 0 ]; then old=one new=two; else old=two new=one; fi
    gate false-alarm "$i" "$out/$old" "$out/$new"
    if [ "$code" -eq 1 ]; then
        failed=$((failed + 1))
        echo "gate $i, $new against $old:"
        cat "$out/false-alarm.txt"
    elif [ "$code" -eq 3 ]; then
        unknown=$((unknown + 1))
    fi
done
echo "load after: $(load); $((SECONDS - started)) s"
echo "$failed of $n gates on two builds of one source failed, $unknown were unknown"
[ "$failed" -le $(((n + 99) / 100)) ]
