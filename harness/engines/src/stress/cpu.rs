//! CPUs: which ones there are for us, and one for each actor.
//!
//! A busy kernel puts two threads of a process on one CPU and leaves them there for milliseconds, in which nothing
//! races; pinning multiplied the races found per second by three to ten.

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;
use std::time::{Duration, Instant};

/// Numbers of the CPUs this process may use; `[0]` if the kernel will not tell.
pub(super) fn available() -> Vec<usize> {
    let set = sched_getaffinity(Pid::from_raw(0)).unwrap_or_default();
    let cpus: Vec<usize> = (0..CpuSet::count()).filter(|cpu| set.is_set(*cpu).unwrap_or(false)).collect();
    if cpus.is_empty() { vec![0] } else { cpus }
}

/// Keeps the calling thread on `cpu`.
pub(super) fn pin(cpu: usize) -> nix::Result<()> {
    let mut set = CpuSet::new();
    set.set(cpu)?;
    sched_setaffinity(Pid::from_raw(0), &set)
}

/// How many hints to the CPU fit in `time`: one takes from one to some forty nanoseconds, depending on the maker.
pub(super) fn spins_in(time: Duration) -> u32 {
    const TRIES: u32 = 1000;
    if time.is_zero() {
        return 0;
    }
    // The fastest of a few: one that the kernel interrupted would shorten every pause.
    let mut fastest = Duration::MAX;
    for _ in 0..5 {
        let start = Instant::now();
        super::gate::spin(TRIES);
        fastest = fastest.min(start.elapsed());
    }
    let each = fastest.as_secs_f64().max(1e-9) / f64::from(TRIES);
    (time.as_secs_f64() / each).clamp(1.0, f64::from(u32::MAX)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_cpu_and_it_can_be_pinned_to() {
        let cpus = available();
        std::thread::spawn(move || pin(cpus[0]).unwrap()).join().unwrap();
    }

    #[test]
    fn no_time_is_no_spin() {
        assert_eq!(spins_in(Duration::ZERO), 0);
        assert!(spins_in(Duration::from_micros(50)) > 100);
    }
}
