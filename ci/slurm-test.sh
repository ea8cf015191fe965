#!/usr/bin/env bash
# Runs ci/slurm for real, on this machine: munged, slurmctld and four slurmd on loopback, in a folder and on ports of their
# own. An array of four tasks and the merge that depends on it must come to the report of a single run; a part that
# never ran, an odd array and a task that runs twice must come to what they should.
#
#     ci/slurm-test.sh RACEHUNT
#
# Needs root, and Debian's slurm-wlm and munge, which it installs if they are missing. What it starts it ends, by the ids
# it started.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

RACEHUNT="$(realpath "${1:?usage: ci/slurm-test.sh RACEHUNT}")"
export RACEHUNT
[ "$(id -u)" = 0 ] || { echo "ci/slurm-test.sh: needs root" >&2; exit 2; }

step() { printf -- '--- slurm: %s (%s s)\n' "$*" "$SECONDS"; }
fail() { printf 'ci/slurm-test.sh: %s\n' "$*" >&2; exit 1; }

if ! command -v slurmctld slurmd sbatch munged >/dev/null; then
    step "apt-get install slurm-wlm munge"
    # Without starting the services that come with them: this script has its own.
    policy=/usr/sbin/policy-rc.d
    [ -e "$policy" ] || { printf '#!/bin/sh\nexit 101\n' >"$policy"; chmod +x "$policy"; made_policy=1; }
    quietly() { "$@" >/dev/null 2>&1; }
    quietly apt-get update || true
    installed=0
    DEBIAN_FRONTEND=noninteractive quietly apt-get install -y --no-install-recommends slurm-wlm munge || installed=$?
    [ -z "${made_policy:-}" ] || rm -f "$policy"
    [ "$installed" = 0 ] || fail "apt-get could not install slurm-wlm and munge"
fi

work="$(mktemp -d)"
started=()
cleanup() {
    local id
    # The newest first: the nodes, their controller, and the keys.
    for ((id = ${#started[@]} - 1; id >= 0; id--)); do
        kill "${started[id]}" 2>/dev/null || true
        wait "${started[id]}" 2>/dev/null || true
    done
    [ -n "${KEEP:-}" ] || rm -rf "$work"
}
trap cleanup EXIT
# munge's socket must be in reach of everybody.
chmod 755 "$work"
mkdir -p "$work/state" "$work"/spool/n{1,2,3,4} "$work/jobs"

# start NAME COMMAND...: in the background, its output in a log.
start() {
    local name="$1"
    shift
    "$@" >"$work/$name.log" 2>&1 </dev/null &
    started+=($!)
}
# until_it COMMAND...: waits for it to succeed, at most for half a minute.
until_it() {
    local turn
    for ((turn = 0; turn < 300; turn++)); do
        if "$@" >/dev/null 2>&1; then return 0; fi
        sleep 0.1
    done
    tail -n 20 "$work"/*.log >&2
    fail "this never came true: $*"
}

read -r -a ports < <(python3 -B - <<'PORTS'
import socket
held = [socket.create_server(("127.0.0.1", 0)) for _ in range(5)]
print(*(one.getsockname()[1] for one in held))
PORTS
)
host="$(hostname -s)"
{
    cat <<CONF
ClusterName=racehunt
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=${ports[0]}
SlurmUser=root
AuthInfo=socket=$work/munge.socket,cred_expire=5
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool/%n
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/%n.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SchedulerParameters=sched_interval=1,batch_sched_delay=0,bf_interval=1
ReturnToService=2
CONF
    for node in 1 2 3 4; do
        echo "NodeName=n$node NodeHostname=$host NodeAddr=127.0.0.1 Port=${ports[node]} CPUs=1 State=UNKNOWN"
    done
    echo "PartitionName=all Nodes=ALL Default=YES MaxTime=10 State=UP"
} >"$work/slurm.conf"
export SLURM_CONF="$work/slurm.conf"

step "munged, slurmctld, four slurmd"
dd if=/dev/urandom of="$work/munge.key" bs=1 count=1024 status=none
chmod 600 "$work/munge.key"
start munged munged --foreground --key-file="$work/munge.key" --socket="$work/munge.socket" \
    --pid-file="$work/munged.pid" --seed-file="$work/munge.seed" --log-file="$work/munged.file"
until_it test -S "$work/munge.socket"
start slurmctld slurmctld -D -c -f "$SLURM_CONF"
for node in 1 2 3 4; do start "slurmd$node" slurmd -D -N "n$node" -f "$SLURM_CONF"; done
all_idle() { [ "$(sinfo --noheader --format='%T %D')" = "idle 4" ]; }
until_it all_idle

scenario="$PWD/ci/same-seed.toml"
same() { python3 -B ci/same.py "$1" "$2"; }
logs="$work/jobs"
# ended JOB: waits for its end, and prints its state and exit code.
over() { ! squeue --noheader --jobs "$1" 2>/dev/null | grep -q .; }
ended() {
    until_it over "$1"
    scontrol --oneliner show job "$1" | grep -o 'JobState=[A-Z]*\|ExitCode=[0-9:]*' | tr '\n' ' '
}
# submitted ARRAY OUT: the array of parts and the merge behind it; sets `array` and `merge`.
sub() { sbatch --parsable --chdir="$logs" "$@"; }
submitted() {
    array="$(sub "${@:3}" --array="$1" ci/slurm/part.sh "$2" --seed 7 --quiet "$scenario")"
    merge="$(sub --dependency="afterany:$array" ci/slurm/merge.sh "$2")"
}

step "a single run"
"$RACEHUNT" run "$scenario" --seed 7 --quiet --out "$work/single"
single="$work/single/same-seed/report.json"

step "four tasks and a merge, by submit.sh"
(cd "$logs" && "$OLDPWD/ci/slurm/submit.sh" 4 "$work/four" --seed 7 --quiet "$scenario") | tee "$work/submitted"
read -r _ array _ merge <"$work/submitted"
array="${array%,}"
[[ "$(ended "$merge")" == *"ExitCode=0:0"* ]] || { cat "$logs"/*; fail "the merge did not pass"; }
[ "$(ls -d "$work"/four/same-seed/partition-*-of-4 | wc -l)" = 4 ] || fail "not four parts"
same "$single" "$work/four/same-seed/report.json"

step "a task that runs twice"
before="$(stat -c %i "$work/four/same-seed/partition-2-of-4/report.json")"
scontrol requeue "${array}_2"
# Slurm waits as long as a credential is good; nobody holds one here.
scontrol update JobId="${array}_2" StartTime=now || true
again() { [ "$(stat -c %i "$work/four/same-seed/partition-2-of-4/report.json")" != "$before" ]; }
until_it again
until_it over "$array"
"$RACEHUNT" merge "$work/four" --quiet
same "$single" "$work/four/same-seed/report.json"

step "a task that never ran"
submitted 1-4 "$work/three" --hold
scancel "${array}_3"
scontrol release "$array"
[[ "$(ended "$merge")" == *"ExitCode=3:0"* ]] || fail "the merge of three of four is not unknown"
grep -q "partition 3 of 4 has no result" "$work/three/same-seed/report.json" || fail "it does not say which is missing"

step "its part alone, run again"
RACEHUNT_PARTITION=3/4 sub --wait --array=3 ci/slurm/part.sh "$work/three" --seed 7 --quiet "$scenario" >/dev/null
"$RACEHUNT" merge "$work/three" --quiet
same "$single" "$work/three/same-seed/report.json"

step "an array of any ids"
submitted 0,3,7 "$work/odd"
[[ "$(ended "$merge")" == *"ExitCode=2:0"* ]] || fail "the merge of nothing is no error"
[ ! -e "$work/odd" ] || fail "a task of an odd array ran"
grep -q "no even row" "$logs/racehunt-${array}_7.log" || fail "it does not say why"

step "all as it should be"
