//! The watched half of the polling worker, without an engine: what a worker says, what the far end takes, how a monitor
//! judges and what it does then.

use racehunt_core::id::Id;
use racehunt_core::observation::{Lease, Outage, Part};
use racehunt_core::plan::ParamValue;
use racehunt_core::subject::{Env, Launch, Subject};
use racehunt_scenarios::polling_worker::clock::Clock;
use racehunt_scenarios::polling_worker::far_end::{self, Effect, Effects};
use racehunt_scenarios::polling_worker::monitor::{Backlog, Crew, Failure, Monitor, Rules};
use racehunt_scenarios::polling_worker::record::{Note, Record};
use racehunt_scenarios::polling_worker::vitals::{ItemLease, Pulse, Rhythm, Status};
use racehunt_scenarios::polling_worker::{Applied, FarEnd, Files, PollingWorkerSubject, Vitals};
use std::io;
use std::sync::{Arc, Mutex};
use tempfile::TempDir;

const PUBLISHED: Rules = Rules { check_ns: 1, stale_ns: 100, hardened: None };
const HARDENED: Rules = Rules { hardened: Some(Backlog { owed_ns: 300 }), ..PUBLISHED };

fn files() -> (TempDir, Files) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let files = Files::new(dir.path());
    (dir, files)
}

fn status(at_ns: u64) -> Status {
    Status { generation: 1, at_ns, ..Status::default() }
}

/// Judges generation 1, started at 0.
fn judge(rules: Rules, status: &Status, now: u64) -> Option<Failure> {
    rules.judge(Some(status), (1, 0), now)
}

#[test]
fn a_heartbeat_is_too_old_one_moment_after_s() {
    for rules in [PUBLISHED, HARDENED] {
        assert_eq!([judge(rules, &status(50), 150), judge(rules, &status(50), 151)], [None, Some(Failure::Stale)]);
        // A look may be older than what it reads.
        assert_eq!(judge(rules, &status(50), 49), None);
    }
}

#[test]
fn a_worker_that_says_nothing_yet_has_s_from_its_start() {
    for rules in [PUBLISHED, HARDENED] {
        let at = |now| rules.judge(None, (1, 40), now);
        assert_eq!([at(140), at(141)], [None, Some(Failure::Stale)]);
        // What its predecessor left is older than its start.
        assert_eq!(rules.judge(Some(&status(3)), (2, 40), 140), None);
    }
}

#[test]
fn only_the_hardened_monitor_knows_whose_heartbeat_it_is() {
    let of_the_old_one = status(500);
    assert_eq!(PUBLISHED.judge(Some(&of_the_old_one), (2, 0), 510), None);
    assert_eq!(HARDENED.judge(Some(&of_the_old_one), (2, 0), 510), Some(Failure::Stale));
}

#[test]
fn a_lease_is_respected_to_its_last_moment_by_the_hardened_monitor_alone() {
    let leased = Status { lease: Some(ItemLease { id: Id(1), until_ns: 300 }), owed_since_ns: Some(0), ..status(50) };
    assert_eq!([judge(HARDENED, &leased, 300), judge(HARDENED, &leased, 301)], [None, Some(Failure::Stale)]);
    assert_eq!(judge(PUBLISHED, &leased, 151), Some(Failure::Stale));
}

#[test]
fn what_is_owed_for_longer_than_t_is_a_failure_for_the_hardened_monitor_alone() {
    let owing = Status { owed_since_ns: Some(60), ..status(355) };
    assert_eq!([judge(HARDENED, &owing, 360), judge(HARDENED, &owing, 361)], [None, Some(Failure::Owes)]);
    assert_eq!(judge(PUBLISHED, &owing, 361), None);
}

/// Notes what it is asked for, and what the token was then.
struct Notebook {
    files: Files,
    notes: Mutex<Vec<String>>,
}

impl Notebook {
    fn note(&self, what: &str, generation: u32) {
        let token = far_end::token(&self.files).expect("a token");
        self.notes.lock().unwrap().push(format!("{what} {generation} under token {token}"));
    }
}

impl Crew for Notebook {
    fn ask(&self, generation: u32) {
        self.note("ask", generation);
    }

    fn kill(&self, generation: u32) {
        self.note("kill", generation);
    }

    fn start(&self, generation: u32) -> io::Result<()> {
        self.note("start", generation);
        Ok(())
    }
}

#[test]
fn the_hardened_monitor_fences_kills_and_starts_in_that_order_and_the_published_one_only_asks() {
    for (hardened, want) in [
        (HARDENED.hardened, ["kill 0 under token 1", "start 1 under token 1"]),
        (None, ["ask 0 under token 0", "start 1 under token 0"]),
    ] {
        let (_dir, files) = files();
        let crew = Notebook { files: files.clone(), notes: Mutex::default() };
        let rules = Rules { check_ns: 2_000_000, stale_ns: 1, hardened };
        let mut monitor = Monitor::new(files, Clock::of_threads(), rules);
        assert!(monitor.look(&crew).expect("files"));
        assert_eq!((monitor.generation(), monitor.looks().len(), monitor.looks()[0].worker), (1, 1, 0));
        assert!(monitor.looks()[0].at_ns >= 2_000_000 && monitor.looks()[0].failed);
        assert_eq!(*crew.notes.lock().unwrap(), want);
    }
}

#[test]
fn a_worker_that_is_well_is_left_alone() {
    let (_dir, files) = files();
    let crew = Notebook { files: files.clone(), notes: Mutex::default() };
    let clock = Clock::of_threads();
    let rules = Rules { check_ns: 1_000_000, stale_ns: 60_000_000_000, ..HARDENED };
    let mut monitor = Monitor::new(files.clone(), clock, rules);
    for _ in 0..3 {
        Status { at_ns: clock.now(), ..Status::default() }.write(&files).expect("a status");
        assert!(!monitor.look(&crew).expect("files"));
    }
    assert!(crew.notes.lock().unwrap().is_empty() && monitor.generation() == 0);
}

#[test]
fn the_far_end_refuses_an_old_generation_and_has_each_effect_once() {
    let (_dir, files) = files();
    let far = Effects::fenced(files.clone());
    assert_eq!(far.apply(Id(1), 0), Applied::Done);
    far_end::raise(&files, 2).expect("a token");
    // Late: its generation is over, whether the item had its effect or not.
    assert_eq!([far.apply(Id(1), 1), far.apply(Id(2), 1)], [Applied::Fenced, Applied::Fenced]);
    assert_eq!([far.apply(Id(1), 2), far.apply(Id(2), 2)], [Applied::Already, Applied::Done]);
    assert_eq!([far.apply(Id(2), 2), far.apply(Id(3), 3)], [Applied::Already, Applied::Done]);
    let had = [(1, 0), (2, 2), (3, 3)].map(|(id, generation)| Effect { id: Id(id), generation });
    assert_eq!(far.all().expect("a record"), had);
}

#[test]
fn the_far_end_of_the_published_fix_takes_whatever_comes() {
    let (_dir, files) = files();
    far_end::raise(&files, 9).expect("a token");
    let far = Effects::open_to_all(files);
    assert_eq!([far.apply(Id(1), 0), far.apply(Id(1), 1)], [Applied::Done, Applied::Done]);
    assert_eq!(far.all().expect("a record").len(), 2);
}

#[test]
fn a_line_that_was_cut_off_is_no_effect() {
    assert_eq!(far_end::parse("1 0\n7\n 3\nx 1\n2 5\n").len(), 2);
    let (_dir, files) = files();
    assert_eq!(far_end::token(&files).expect("none is 0"), 0);
    std::fs::write(files.token(), "two").expect("room");
    assert!(far_end::token(&files).is_err());
}

fn pulse(files: &Files, rhythm: Rhythm) -> (Pulse, Arc<Record>) {
    let clock = Clock::of_threads();
    let record = Arc::new(Record::new(3, u64::MAX, clock.now()));
    (Pulse::new(files.clone(), 3, clock, rhythm, Arc::clone(&record)), record)
}

/// Every call writes.
const ALWAYS: Rhythm = Rhythm { beat_ns: 0, lease_ns: Some(60_000_000_000) };

#[test]
fn a_beat_is_written_when_it_is_due_and_not_before() {
    let (_dir, files) = files();
    let (mut pulse, _) = pulse(&files, Rhythm { beat_ns: 60_000_000_000, lease_ns: None });
    assert_eq!(Status::read(&files), None);
    pulse.beat(2, 5);
    let first = Status::read(&files).expect("a status");
    assert_eq!((first.generation, first.queued, first.done, first.lease, first.owed_since_ns), (3, 2, 5, None, None));
    pulse.beat(1, 6);
    assert_eq!(Status::read(&files), Some(first));
}

#[test]
fn an_item_that_comes_on_has_a_lease_and_one_that_ended_has_none() {
    let (_dir, files) = files();
    let (mut pulse, record) = pulse(&files, ALWAYS);
    pulse.begin(Id(7));
    pulse.progress(Id(7));
    let first = Status::read(&files).and_then(|status| status.lease).expect("a lease");
    pulse.progress(Id(7));
    let second = Status::read(&files).and_then(|status| status.lease).expect("a lease");
    assert!(first.id == Id(7) && first.until_ns < second.until_ns, "{first:?} {second:?}");
    pulse.end(Id(7));
    pulse.beat(0, 1);
    let idle = Status::read(&files).expect("a status");
    assert_eq!((idle.lease, idle.owed_since_ns), (None, None));
    let leases: Vec<u64> = record.notes(0).iter().filter_map(until).collect();
    assert_eq!(leases, [first.until_ns, second.until_ns]);
}

fn until(note: &Note) -> Option<u64> {
    match note {
        Note::Lease(Lease { until_ns, worker: 3, .. }) => Some(*until_ns),
        _ => None,
    }
}

#[test]
fn heartbeats_alone_tell_of_no_item() {
    let (_dir, files) = files();
    let (mut pulse, record) = pulse(&files, Rhythm { lease_ns: None, ..ALWAYS });
    pulse.begin(Id(7));
    pulse.progress(Id(7));
    assert_eq!(Status::read(&files), None, "progress is nobody's business");
    pulse.beat(1, 0);
    let status = Status::read(&files).expect("a status");
    assert_eq!((status.lease, status.owed_since_ns), (None, None));
    assert!(record.notes(0).is_empty());
}

#[test]
fn an_item_that_never_ends_stays_owed_however_many_others_do() {
    let (_dir, files) = files();
    let (mut pulse, _) = pulse(&files, Rhythm { lease_ns: Some(1), ..ALWAYS });
    pulse.begin(Id(1));
    pulse.beat(0, 0);
    let owed = || Status::read(&files).and_then(|status| status.owed_since_ns);
    let since = owed().expect("something is owed");
    pulse.begin(Id(2));
    pulse.end(Id(2));
    pulse.beat(0, 1);
    assert_eq!(owed(), Some(since));
    pulse.end(Id(1));
    pulse.beat(0, 2);
    assert_eq!(owed(), None);
}

#[test]
fn a_backlog_is_owed_since_the_last_item_was_completed() {
    let (_dir, files) = files();
    let (mut pulse, _) = pulse(&files, ALWAYS);
    let owed = || Status::read(&files).and_then(|status| status.owed_since_ns);
    pulse.beat(2, 0);
    let before = owed().expect("two wait");
    pulse.beat(2, 0);
    assert_eq!(owed(), Some(before));
    pulse.beat(1, 1);
    assert!(owed().expect("one waits") > before);
    pulse.beat(0, 1);
    assert_eq!(owed(), None);
}

fn outage(from_ns: u64, to_ns: Option<u64>) -> Note {
    Note::Outage(Outage { worker: 4, of: Part::Loop, from_ns, to_ns })
}

#[test]
fn moments_that_are_far_apart_are_an_outage() {
    let record = Record::new(4, 10, 100);
    for now in [109, 118, 128, 129] {
        record.came_on(now);
    }
    assert_eq!(record.notes(138), [outage(118, Some(128))]);
    assert_eq!(record.notes(139), [outage(118, Some(128)), outage(129, None)]);
    record.vanished(130);
    assert!(matches!(&record.notes(130)[1], Note::Outage(Outage { of: Part::Item, from_ns: 130, to_ns: None, .. })));
}

#[test]
fn what_a_killed_process_left_is_read_as_far_as_it_is_whole() {
    let (dir, _) = files();
    let record = Record::kept(dir.path(), 4, 10, 100).expect("files");
    record.came_on(105);
    record.leased(106, 200);
    record.came_on(120);
    drop(record);
    let lease = Note::Lease(Lease { worker: 4, from_ns: 106, until_ns: 200 });
    let left = |ended| Record::left_behind(dir.path(), 4, 10, 90, ended);
    assert_eq!(left(129), [lease.clone(), outage(105, Some(120))]);
    assert_eq!(left(130), [lease, outage(105, Some(120)), outage(120, None)]);
    // Killed in the middle of a line, and of its first moment.
    let notes = dir.path().join("notes-4");
    let text = std::fs::read_to_string(&notes).expect("notes");
    std::fs::write(&notes, &text[..text.len() - 5]).expect("room");
    std::fs::write(dir.path().join("last-4"), "").expect("room");
    assert_eq!(left(99).len(), 1);
    assert_eq!(left(100)[1], outage(90, None), "it never came on since its start");
}

/// Opens a watched system with these settings beside those of a small one.
fn open(env: &Env, settings: &[(&str, ParamValue)]) -> Result<(), String> {
    let small = [("poll_ms", 5), ("beat_ms", 10), ("stale_ms", 50), ("lease_ms", 40)];
    let small = small.map(|(key, value)| (key, ParamValue::Integer(value)));
    let params = small.iter().chain(settings).map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    PollingWorkerSubject.open("hardened", &params, env).map(drop).map_err(|error| error.to_string())
}

#[test]
fn what_cannot_keep_the_contract_is_refused_by_name() {
    let native = Env::default();
    let refused = |key, value| open(&native, &[(key, ParamValue::Integer(value))]).unwrap_err();
    assert_eq!(open(&native, &[]), Ok(()));
    assert!(refused("lease_ms", 51).contains("params.lease_ms: no more than stale_ms"));
    assert!(refused("lease_ms", 20).contains("renewed at a beat"));
    assert!(refused("backlog_ms", 49).contains("params.backlog_ms: at least stale_ms"));
    let several = Env { processes: 2, ..Env::default() };
    assert!(open(&several, &[]).unwrap_err().contains("leave stress.processes out"));
    // Where nobody watches none of this matters.
    assert_eq!(open(&native, &[("beat_ms", ParamValue::Integer(0)), ("lease_ms", ParamValue::Integer(51))]), Ok(()));
}

#[test]
fn processes_need_the_program_that_starts_them() {
    let processes = [("workers", ParamValue::String("processes".to_owned()))];
    let refused = open(&Env::default(), &processes).unwrap_err();
    assert!(refused.starts_with("params.workers: no process can be started here"), "{refused}");
    let launch = Some(Launch { program: "/bin/true".into(), args: Vec::new() });
    assert_eq!(open(&Env { launch, ..Env::default() }, &processes), Ok(()));
}
