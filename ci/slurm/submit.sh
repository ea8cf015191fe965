#!/usr/bin/env bash
# A run on a Slurm cluster: an array of N tasks, and the merge of their reports once all have ended, however they ended.
#
#     ci/slurm/submit.sh N OUT [OPTION...] PATH...
#
# OUT must be a folder that all nodes see, and one run has it for itself. Prints the id of the array and of the merge. More
# options for sbatch go into SBATCH_PARTITION, SBATCH_ACCOUNT, SBATCH_TIMELIMIT and the like.
set -euo pipefail

usage="usage: submit.sh N OUT [OPTION...] PATH..."
parts="${1:?$usage}"
out="${2:?$usage}"
shift 2
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
array="$(sbatch --parsable --array="1-$parts" "$here/part.sh" "$out" "$@")"
# A cluster's name may follow the id.
array="${array%%;*}"
merge="$(sbatch --parsable --dependency="afterany:$array" "$here/merge.sh" "$out")"
echo "array $array, merge ${merge%%;*}"
