#!/usr/bin/env bash
# Opens racehunt's pages in a real headless Chromium: `ci/html.sh RACEHUNT REPORT SMALL OUT`. REPORT is the one of a whole
# suite, SMALL one that can be printed; pages and screenshots go to OUT.
#
# Needs python3, and a Chromium, which it installs where there is apt: without one it fails, since it would have shown nothing.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
racehunt="$1" report="$2" small="$3" out="$4"

has() { command -v chromium || command -v chromium-browser || command -v google-chrome; }
if ! has >/dev/null && command -v apt-get >/dev/null; then
    apt-get update -q >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends chromium >/dev/null
fi
has || { echo "ci/html.sh: no Chromium: install chromium or google-chrome" >&2; exit 1; }

mkdir -p "$out"
"$racehunt" render "$report" --format html >"$out/suite.html"
"$racehunt" render "$small" --format html >"$out/small.html"
python3 -B "$here/html.py" many "$report" 1000 >"$out/many.json"
"$racehunt" render "$out/many.json" --format html >"$out/many.html"

check() { timeout -k 10 300 python3 -B "$here/html.py" check --out "$out" "$@"; }
check "$out/small.html"
check "$out/suite.html" --no-paper
# A page that takes minutes to open helps nobody, and one that a mail or an artifact store refuses does not either.
check "$out/many.html" --no-paper
size=$(stat -c %s "$out/many.html")
if [ "$size" -gt 33554432 ]; then
    echo "ci/html.sh: $size bytes for 1,000 findings" >&2
    exit 1
fi
