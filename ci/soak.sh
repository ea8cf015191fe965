#!/usr/bin/env bash
# Soaks the hardened trace buffer with faults for some minutes (default: 60), kills the soak with SIGKILL after a third of
# them, resumes it, and checks that the totals add up and that the memory of the harness is flat; then soaks two broken
# variants, of which each id that gets lost or comes out twice must be named.
#
#     ci/soak.sh RACEHUNT OUT [MINUTES]
#
# OUT must not hold a soak already. Needs python3.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
racehunt="${1:?usage: ci/soak.sh RACEHUNT OUT [MINUTES]}" out="${2:?usage: ci/soak.sh RACEHUNT OUT [MINUTES]}"
seconds=$((${3:-60} * 60))
# Long enough for every leg to have its kills.
leg=$((seconds / 60 < 4 ? 4 : seconds / 60))
check() { python3 -B "$here/soak/check.py" "$@"; }

soak=("$racehunt" soak "$here/../scenarios/trace-buffer-soak/rotating.toml" --out "$out"
    --for "${seconds}s" --leg "${leg}s")
"${soak[@]}" &
harness=$!
trap 'kill "$harness" 2>/dev/null || true' EXIT
sleep $((seconds / 3))
workers="$(pgrep -P "$harness")"
kill -KILL "$harness"
wait "$harness" || true
# Whoever worked for it ends by itself.
for worker in $workers; do
    for _ in $(seq 100); do
        kill -0 "$worker" 2>/dev/null || continue 2
        sleep 0.1
    done
    echo "ci/soak.sh: $worker outlived the harness" >&2
    exit 1
done
"${soak[@]}" --resume &
harness=$!
wait "$harness"
check clean "$out/rotating/report.json" "$((seconds / 60))"

for broken in lost duplicated; do
    code=0
    "$racehunt" soak "$here/soak/$broken.toml" --out "$out" --legs 6 --leg 1s --go-on || code=$?
    [ "$code" = 1 ] || { echo "ci/soak.sh: $broken ended with $code, not 1" >&2; exit 1; }
    check broken "$out/$broken/report.json"
done
trap - EXIT
