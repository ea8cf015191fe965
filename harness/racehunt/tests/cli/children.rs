//! Processes that a subject starts for itself end with whoever started them.

use crate::support::process::{Seen, Signal, children, first_worker, signal};
use crate::support::{Bench, wait_for};

/// A worker that is watched, in a process of its own, for as long as anybody waits.
const WATCHED: &str = r#"
schema = 1
name = "watched"
about = "For a test."
[subject]
name = "polling-worker"
variant = "hardened"
params = { writes = 9, poll_ms = 10, beat_ms = 20, stale_ms = 60000, lease_ms = 60000, backlog_ms = 60000 }
[workload]
actors = [{ name = "W", ops = ["work(0)"] }, { name = "H", ops = ["wait(60000)"] }]
[stress]
rounds = 1
"#;

/// A run of it, once its process is there.
fn running() -> (Bench, crate::support::Running, Seen, Seen) {
    let bench = Bench::with(WATCHED);
    let running = bench.start("run s.toml");
    let worker = first_worker(running.pid());
    let child = wait_for("a generation", || children(worker.pid).into_iter().next());
    (bench, running, worker, child)
}

fn gone(child: &Seen) {
    wait_for("the end of a generation", || (!child.lives()).then_some(()));
}

#[test]
fn a_generation_whose_worker_is_killed_ends() {
    let (_bench, running, worker, child) = running();
    signal(worker.pid, Signal::SIGKILL);
    gone(&child);
    running.end().ended(3);
}

#[test]
fn a_generation_that_is_stopped_ends_with_its_worker_too() {
    let (_bench, running, worker, child) = running();
    signal(child.pid, Signal::SIGSTOP);
    signal(worker.pid, Signal::SIGKILL);
    gone(&child);
    running.end().ended(3);
}

#[test]
fn a_generation_whose_harness_is_killed_ends() {
    let (_bench, running, _, child) = running();
    signal(running.pid(), Signal::SIGKILL);
    assert_eq!(running.end().code, None);
    gone(&child);
}

#[test]
fn a_generation_without_orders_says_so() {
    let ran = Bench::new().run("child polling-worker nonsense").ended(2);
    assert_eq!(ran.stdout, "");
}
