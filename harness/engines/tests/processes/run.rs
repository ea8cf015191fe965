//! Trials over processes, and what is looked at after each of them.

use super::trials::{own, patient};
use racehunt_core::finding::FindingKind;
use racehunt_core::outcome::TrialOutcome;
use racehunt_core::plan::{ActorProgram, EngineConfig, OpCall, Program, StressConfig, Trial};
use racehunt_core::protocol::Progress;
use racehunt_core::scenario::{Pace, Timespan};
use racehunt_core::verdict::Verdict;
use racehunt_engines::supervisor::{Event, Supervise, run_trial};
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::Duration;

pub(crate) fn span(ms: u64) -> Timespan {
    Timespan::new(Duration::from_millis(ms)).expect("a timespan")
}

/// Two processes with one thread each, for so many rounds.
pub(crate) fn rounds(n: u64) -> StressConfig {
    StressConfig { pace: Pace::Rounds, rounds: Some(n), duration: None, ..closed(1) }
}

/// The same for so many milliseconds, in one round.
pub(crate) fn closed(ms: u64) -> StressConfig {
    let EngineConfig::Stress(config) = own().engine else { panic!("a stress trial") };
    StressConfig { processes: 2, threads: 1, pace: Pace::Closed, duration: Some(span(ms)), rounds: None, ..config }
}

/// A trial in which every actor puts ids in.
pub(crate) fn trial(variant: &str, config: StressConfig) -> Trial {
    let program = Program::Mix(vec![("put".to_owned(), 1)]);
    let (subject, variant) = ("files".to_owned(), variant.to_owned());
    Trial { subject, variant, program, engine: EngineConfig::Stress(config), ..own() }
}

/// One in which the second actor's third call is the one that the variant is for.
pub(crate) fn spoilt(variant: &str, config: StressConfig) -> Trial {
    let actor = |name: &str, ops: &[&str]| {
        let ops = ops.iter().map(|op| OpCall::plain(*op)).collect();
        ActorProgram { name: name.to_owned(), ops, process: None }
    };
    let program = Program::Actors(vec![actor("A", &["put", "put"]), actor("B", &["put", "put", "spoil"])]);
    Trial { program, ..trial(variant, config) }
}

pub(crate) fn run(trial: &Trial) -> TrialOutcome {
    run_with("real-stress", trial, |_, _| {})
}

/// Runs a trial and asks it to stop when it has come so far.
pub(crate) fn run_until(trial: &Trial, when: impl Fn(&Progress) -> bool) -> TrialOutcome {
    let how = patient("real-stress");
    let stop = how.stop.clone();
    watched(&how, trial, move |event, _| {
        if let Event::Progress(p) = event
            && when(p)
        {
            stop.store(true, Ordering::Relaxed);
        }
    })
}

/// Runs a trial, tells of its events together with the coordinator's id, and looks at what it left behind: nothing.
pub(crate) fn run_with(part: &str, trial: &Trial, on: impl FnMut(&Event, u32)) -> TrialOutcome {
    watched(&patient(part), trial, on)
}

fn watched(how: &Supervise, trial: &Trial, mut on: impl FnMut(&Event, u32)) -> TrialOutcome {
    let (mut pid, mut home) = (0, None);
    let outcome = run_trial(trial, how, &mut |event| {
        if let Event::Started { pid: started } = event {
            pid = started;
            // Just started it may not have its environment yet.
            home = (0..400).find_map(|_| {
                home_of(pid).or_else(|| {
                    std::thread::sleep(Duration::from_millis(5));
                    None
                })
            });
        }
        on(&event, pid);
    });
    assert!(pid > 0, "{outcome:?}");
    // The kernel takes a moment to end who was killed.
    let gone = (0..400).any(|_| {
        let left = group(pid).is_empty();
        if !left {
            std::thread::sleep(Duration::from_millis(5));
        }
        left
    });
    assert!(gone, "processes {:?} are left", group(pid));
    let home = home.expect("the worker had an environment");
    assert!(!home.exists(), "{} is left", home.display());
    outcome
}

/// The directory for temporary files of a worker.
fn home_of(pid: u32) -> Option<PathBuf> {
    let environment = fs::read(format!("/proc/{pid}/environ")).ok()?;
    let names = environment.split(|byte| *byte == 0).filter_map(|entry| std::str::from_utf8(entry).ok());
    names
        .filter_map(|entry| entry.strip_prefix("TMPDIR="))
        .map(PathBuf::from)
        .find(|p| p.file_name().is_some_and(|name| name.to_string_lossy().starts_with("racehunt-")))
}

/// Processes of a group that run.
fn group(group: u32) -> Vec<u32> {
    let processes = fs::read_dir("/proc").expect("there is a /proc").flatten();
    let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.filter(|pid: &u32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // After the name in brackets: state, parent, group.
        let mut fields = stat.rsplit_once(") ").map_or("", |(_, rest)| rest).split(' ');
        fields.next().is_some_and(|state| state != "Z") && fields.nth(1) == Some(&group.to_string())
    })
    .collect()
}

pub(crate) fn kinds(outcome: &TrialOutcome) -> Vec<FindingKind> {
    outcome.findings.iter().map(|f| f.kind).collect()
}

pub(crate) fn note(outcome: &TrialOutcome, part: &str) -> bool {
    outcome.notes.iter().any(|n| n.contains(part))
}

/// Asserts that nothing was found. A machine that let no two processes run at once leaves a doubt, as it should.
#[track_caller]
pub(crate) fn assert_clean(outcome: &TrialOutcome) {
    assert!(outcome.findings.is_empty(), "{:?} {:?}", outcome.reasons, outcome.notes);
    let idle = |doubt: &String| doubt.starts_with("no concurrency") || doubt.starts_with("one CPU");
    assert!(outcome.doubts.iter().all(idle), "{:?}", outcome.doubts);
    assert_eq!(outcome.verdict == Verdict::Pass, outcome.doubts.is_empty());
}
