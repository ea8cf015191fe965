//! What each system sets, and what must not be taken for a partition.

use super::*;

/// The part, or why there is none, under `NAME=value` words.
fn under(asked: &str, variables: &str) -> Result<String, String> {
    let asked: Asked = asked.parse().expect("a part");
    let look = |name: &str| {
        let pairs = variables.split_whitespace().filter_map(|word| word.split_once('='));
        pairs.into_iter().find(|(n, _)| *n == name).map(|(_, value)| value.to_owned())
    };
    asked.resolve(&look).map(|part| part.to_string()).map_err(|e| e.to_string())
}

#[track_caller]
fn is(asked: &str, variables: &str, part: &str) {
    assert_eq!(under(asked, variables), Ok(part.to_owned()), "{variables}");
}

#[track_caller]
fn refused(asked: &str, variables: &str, why: &str) {
    let message = under(asked, variables).expect_err(variables);
    assert!(message.starts_with("error: --partition auto: ") && message.contains(why), "{message}");
}

/// As Slurm sets them, for one task.
fn slurm_array(id: u32, min: u32, max: u32, step: u32, count: u32) -> String {
    format!(
        "SLURM_ARRAY_TASK_ID={id} SLURM_ARRAY_TASK_MIN={min} SLURM_ARRAY_TASK_MAX={max} SLURM_ARRAY_TASK_STEP={step} \
         SLURM_ARRAY_TASK_COUNT={count}"
    )
}

#[test]
fn a_part_is_a_number_of_a_number() {
    is("3/16", "CI_NODE_INDEX=1 CI_NODE_TOTAL=2", "3/16");
    is("1/1", "", "1/1");
    for wrong in ["", "3", "0/16", "17/16", "3/0", "3/16/2", "-1/2", "a/b", "auto/", "auto/0", "auto/x", "Auto"] {
        assert!(wrong.parse::<Asked>().is_err(), "{wrong}");
    }
}

#[test]
fn nothing_is_taken_from_where_nothing_is_said() {
    refused("auto", "", "none of these is set: RACEHUNT_PARTITION");
    refused("auto/16", "CI_NODE_TOTAL=16 RACEHUNT_PARTITIONS=16", "none of these is set");
}

#[test]
fn its_own_variable_outweighs_the_others() {
    is("auto", "RACEHUNT_PARTITION=3/16", "3/16");
    is("auto", "RACEHUNT_PARTITION=3/16 CI_NODE_INDEX=1 CI_NODE_TOTAL=2", "3/16");
    refused("auto", "RACEHUNT_PARTITION=auto", "RACEHUNT_PARTITION is \"auto\"");
    refused("auto", "RACEHUNT_PARTITION=3", "which is not K/N");
    refused("auto/8", "RACEHUNT_PARTITION=3/16", "RACEHUNT_PARTITION says 3/16, which is not one of 8");
}

#[test]
fn slurm_arrays_in_even_steps() {
    is("auto", &slurm_array(0, 0, 3, 1, 4), "1/4");
    is("auto", &slurm_array(3, 0, 3, 1, 4), "4/4");
    is("auto/4", &slurm_array(4, 1, 4, 1, 4), "4/4");
    is("auto", &slurm_array(14, 10, 18, 4, 3), "2/3");
}

#[test]
fn slurm_arrays_of_any_ids_are_refused() {
    // `--array=0,3,7`: three tasks, and the last id is 7.
    for id in [0, 3, 7] {
        refused("auto", &slurm_array(id, 0, 7, 1, 3), "no even row (3 from 0 to 7 in steps of 1)");
    }
    // `--array=0,3,6` is one, whatever step Slurm tells for it.
    refused("auto", &slurm_array(3, 0, 6, 1, 3), "no even row");
    // One task of sixteen, run again by itself.
    refused("auto", &slurm_array(5, 5, 5, 1, 1), "an array of one task (5) is no partition");
    // The last four of sixteen, run again.
    refused("auto/16", &slurm_array(13, 12, 15, 1, 4), "SLURM_ARRAY_TASK_ID says 2/4, which is not one of 16");
    refused("auto", "SLURM_ARRAY_TASK_ID=3", "SLURM_ARRAY_TASK_MIN is not");
    refused("auto", "SLURM_ARRAY_TASK_ID=x", "not a number");
}

#[test]
fn kubernetes_counts_from_zero_and_does_not_say_to_what() {
    is("auto/16", "JOB_COMPLETION_INDEX=0", "1/16");
    is("auto", "JOB_COMPLETION_INDEX=15 RACEHUNT_PARTITIONS=16", "16/16");
    refused("auto", "JOB_COMPLETION_INDEX=2", "not of how many");
    refused("auto/16", "JOB_COMPLETION_INDEX=16", "number 16 (from 0) of 16");
}

#[test]
fn gitlab_counts_from_one_and_buildkite_from_zero() {
    is("auto", "CI_NODE_INDEX=1 CI_NODE_TOTAL=4", "1/4");
    is("auto", "BUILDKITE_PARALLEL_JOB=0 BUILDKITE_PARALLEL_JOB_COUNT=4", "1/4");
    refused("auto", "CI_NODE_INDEX=0 CI_NODE_TOTAL=4", "counts from 1");
    refused("auto", "CI_NODE_INDEX=5 CI_NODE_TOTAL=4", "number 4 (from 0) of 4");
    refused("auto", "CI_NODE_INDEX=5", "CI_NODE_TOTAL is not");
    // Every job of GitLab has a total; only those of a row have an index.
    refused("auto", "CI_NODE_TOTAL=1", "none of these is set");
}

#[test]
fn two_that_disagree_are_no_answer() {
    let both = |total: u32| format!("CI_NODE_INDEX=1 CI_NODE_TOTAL={total} {}", slurm_array(0, 0, 3, 1, 4));
    is("auto", &both(4), "1/4");
    refused("auto", &both(2), "SLURM_ARRAY_TASK_ID says 1/4, and CI_NODE_INDEX says 1/2; set RACEHUNT_PARTITION");
}
