#!/usr/bin/env bash
# One task of a Slurm array: one partition of a run. `submit.sh` submits it; by hand, 16 partitions are
#
#     sbatch --array=1-16 ci/slurm/part.sh OUT [OPTION...] PATH...
#
# What follows OUT is handed to `racehunt run`. RACEHUNT names the program, if it is not on the PATH of the nodes.
#
# The ids of the array must be an even row (1-16, 0-15, 0-30:2): of 0,3,7 nobody knows which task is which part, and the run
# refuses it. To run a lost part again, say which it is, because an array of one task is a row of its own:
#
#     sbatch --array=5 --export=ALL,RACEHUNT_PARTITION=5/16 ci/slurm/part.sh OUT [OPTION...] PATH...
#
# A node that dies has its task run again under the same id. Both write the same file, each as a whole, so that it does not
# matter which of them ends last.
#SBATCH --job-name=racehunt
#SBATCH --output=racehunt-%A_%a.log
#SBATCH --requeue
# Real threads need the machine for themselves: what else runs on the node changes what they hit.
#SBATCH --exclusive
set -u

out="${1:?usage: part.sh OUT [OPTION...] PATH...}"
shift
code=0
"${RACEHUNT:-racehunt}" run --partition auto --out "$out" "$@" || code=$?
# 1 and 3 are results, and the report has them; only a task without a result has failed.
case "$code" in
0 | 1 | 3) exit 0 ;;
*) exit "$code" ;;
esac
