#!/usr/bin/env bash
# What `racehunt new` writes, as its user meets it: it compiles, its own test finds the planted race, its scenario passes, and
# the finding replays. Then the other way round: with the race taken out, both fail. And without its feature `hunt` the
# component depends on racehunt-sync and nothing else.
#
# Usage: ci/new.sh [RACEHUNT], a built program; by default that of the release build. Nothing is downloaded. It builds in the
# target folder of the workspace, whose dependencies it has.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

target="$(realpath -m "${CARGO_TARGET_DIR:-target}")"
racehunt="${1:-$target/release/racehunt}"
name="first-outbox"
folder="$target/ci-new"
rm -rf "$folder"

step() { printf '\n=== new: %s\n' "$*"; }
# It must fail, with this exit code.
fails() {
    local code=0
    "${@:2}" >"$folder/out" 2>&1 || code=$?
    if [ "$code" != "$1" ]; then
        cat "$folder/out"
        echo "exit code $code of: ${*:2}; $1 is right" >&2
        return 1
    fi
}

step "racehunt new $name"
"$racehunt" new "$name" --dir "$folder" --racehunt .
# The versions that the workspace is tested with, which are built already. Cargo takes out what the crate does not need.
cp Cargo.lock "$folder/$name"
cd "$folder/$name"
export CARGO_TARGET_DIR="$target"

step "its test finds the planted race"
cargo test --offline
step "its scenario finds it, and nothing in the fixed variant"
cargo run --offline --quiet -- run scenario.toml
step "what was found replays"
cargo run --offline --quiet -- replay racehunt-out/scenario/report.json

step "without its feature it needs racehunt-sync alone"
needs="$(cargo tree --offline --no-default-features --edges normal --prefix none --format '{lib}' | tr '\n' ' ')"
[ "$needs" = "first_outbox racehunt_sync " ] || { echo "it needs: $needs" >&2; exit 1; }

step "once the race is taken out, the test and the scenario fail"
sed -i 's/let taken = .*;/let taken = self.take();/; /clear();/d' src/lib.rs
grep -q 'let taken = self.take();' src/lib.rs
fails 101 cargo test --offline
grep -q 'expected and not found: panic' "$folder/out"
fails 1 cargo run --offline --quiet -- run scenario.toml

printf '\nci/new.sh: everything holds\n'
