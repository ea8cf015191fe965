# What the two scripts that try the gate share. Sourced, with the working directory at the project's root.

target="$(realpath -m "${CARGO_TARGET_DIR:-target}")"
out="$target/gate-tries"
trial=ci/gate-trial
mkdir -p "$out"

# build NAME FOLDER FEATURES: the release build of this source with these features, in a target folder of its own, as
# $out/NAME.
build() {
    cargo build --quiet --release -p racehunt --features "$3" --target-dir "$2"
    cp "$2/release/racehunt" "$out/$1"
}

# accept EXE: what this build does is what is accepted, figures and all.
accept() {
    "$1" run "$trial" --out "$out/accepted" --quiet
    rm -f "$out/baseline.json"
    "$1" gate "$out/accepted/gate-trial/report.json" --baseline "$out/baseline.json" \
        --update "the accepted build" --figures
}

# gate NAME SEED OLD NEW: one whole gate, a run and its judgement, as a pipeline has it. Leaves what it said in $out/NAME.txt
# and its exit code in $code.
gate() {
    # A planted fault makes the run itself fail, which is not what is asked here.
    "$4" run "$trial" --out "$out/$1-run" --seed "$2" --quiet >/dev/null || true
    code=0
    "$4" gate "$out/$1-run/gate-trial/report.json" --baseline "$out/baseline.json" --policy ci/gate.toml \
        --against "$3" --confirm-all >"$out/$1.txt" || code=$?
    if [ "$code" -gt 3 ] || [ "$code" -eq 2 ]; then
        echo "the gate itself failed with exit code $code" >&2
        exit 4
    fi
}

load() { cut -d ' ' -f 1-3 /proc/loadavg; }
