#!/usr/bin/env bash
# The job that follows the array: the merged report, and the verdict on the run as the exit code of this job.
#
#     sbatch --dependency=afterany:ARRAY ci/slurm/merge.sh OUT
#
# `afterany` and not `afterok`: a part that is missing shall be told, and Slurm does not always know of it (a task that
# never ran can show as COMPLETED 0:0). The merge asks for a result of every part, and ends with 3 if one has none.
#SBATCH --job-name=racehunt-merge
#SBATCH --output=racehunt-merge-%j.log
set -u

exec "${RACEHUNT:-racehunt}" merge "${1:?usage: merge.sh OUT}"
