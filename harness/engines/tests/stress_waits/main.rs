//! Real threads that wait for each other: the finding says who holds what where and who waits for it, and calls only that
//! a deadlock which is one. One test, for what it proves hangs on which threads the process has.

mod knots;

use knots::Knots;
use racehunt_core::finding::{Finding, FindingKind};
use racehunt_core::outcome::TrialOutcome;
use racehunt_core::plan::{Plan, Trial};
use racehunt_core::scenario::Scenario;
use racehunt_engines::emit::{Emit, Progress};
use racehunt_engines::{loom, shuttle, stress};
use std::time::{Duration, Instant};

struct Deaf;

impl Emit for Deaf {
    fn progress(&mut self, _: Progress) {}
    fn finding(&mut self, _: &Finding) {}
    fn stopped(&self) -> bool {
        false
    }
}

const ROUNDS: &str = "[stress]\nthreads = 2\nduration = \"60s\"\npace = \"rounds\"";
const CLOSED: &str = "[stress]\nthreads = 2\nduration = \"60s\"\npace = \"closed\"";
const SHUTTLE: &str = "[shuttle]\nstrategy = \"random\"\nexecutions = 2000\ntime = \"60s\"";
const LOOM: &str = "[loom]\ntime = \"60s\"";

fn trial(variant: &str, engine: &str) -> Trial {
    let text = format!(
        "schema = 1\nname = \"knots/{variant}\"\nabout = \"a toy\"\n[subject]\nname = \"knots\"\nvariant = \"{variant}\"\n\
         [workload]\nactors = [{{ name = \"A\", ops = [\"there\"] }}, {{ name = \"B\", ops = [\"back\"] }}]\n{engine}\n\
         [limits]\nstall = \"500ms\"\n"
    );
    let scenario = Scenario::parse("knots.toml", &text).unwrap_or_else(|e| panic!("{}", e.render(false)));
    Plan::expand(&scenario, 1).trials.remove(0)
}

fn run(variant: &str, engine: &str) -> TrialOutcome {
    let trial = trial(variant, engine);
    let started = Instant::now();
    let outcome = stress::run(&trial, &Knots, &mut Deaf).unwrap();
    assert!(started.elapsed() < Duration::from_secs(55), "the trial ends with its first deadlock");
    outcome
}

#[track_caller]
fn only(outcome: &TrialOutcome, kind: FindingKind) -> &Finding {
    let kinds: Vec<_> = outcome.findings.iter().map(|f| f.kind).collect();
    assert_eq!(kinds, [kind], "{:?}", outcome.reasons);
    &outcome.findings[0]
}

#[track_caller]
fn says(finding: &Finding, parts: &[&str]) {
    for part in parts {
        assert!(finding.message.contains(part), "no {part:?} in {}", finding.message);
    }
}

/// Where the subject's source says this.
fn at(code: &str) -> String {
    let line = include_str!("knots.rs").lines().position(|line| line.contains(code)).expect("it says so");
    format!("harness/engines/tests/stress_waits/knots.rs:{}", line + 1)
}

#[test]
fn a_deadlock_is_proven_and_a_stall_is_told() {
    // Where nobody else could wake them, the wait of all of them is for ever.
    for pace in [ROUNDS, CLOSED] {
        let waits = run("waits", pace);
        let found = only(&waits, FindingKind::Deadlock);
        assert!(found.detail.starts_with("wait ") && found.detail.ends_with("knots.rs"), "{}", found.detail);
        says(
            found,
            &["A waits on Condvar (", "B waits on Condvar (", &format!(" at {} for ", at("condvar.wait(held)"))],
        );
    }
    two_orders_are_the_same_finding_in_every_engine();
    for pace in [ROUNDS, CLOSED] {
        let join = run("join", pace);
        let found = only(&join, FindingKind::Deadlock);
        says(found, &[" waits to join worker", "worker", " waits to lock Mutex (", " s, held by "]);
    }
    stalls();
}

fn two_orders_are_the_same_finding_in_every_engine() {
    let outcomes = [
        run("ab-ba", ROUNDS),
        run("ab-ba", CLOSED),
        shuttle::run(&trial("ab-ba", SHUTTLE), &Knots, &mut Deaf).unwrap(),
        loom::run(&trial("ab-ba", LOOM), &Knots, &mut Deaf).unwrap(),
    ];
    for outcome in &outcomes {
        let found = only(outcome, FindingKind::Deadlock);
        assert_eq!(found.fingerprint, outcomes[0].findings[0].fingerprint, "{}", found.detail);
    }
    let found = &outcomes[0].findings[0];
    assert!(found.detail.starts_with("lock ") && found.detail.ends_with("knots.rs"), "{}", found.detail);
    let (wait, hold) = (at("self.locks[1 - call.op].lock()"), at("self.locks[call.op].lock()"));
    let made = at("Arc::new([Mutex::new(0), Mutex::new(0)])");
    for (waiter, holder) in [("A", "B"), ("B", "A")] {
        says(found, &[&format!("{waiter} waits to lock Mutex ({made}) at {wait} for ")]);
        says(found, &[&format!(" s, held by {holder} since {hold}")]);
    }
}

fn stalls() {
    let slow = run("slow", ROUNDS);
    let found = only(&slow, FindingKind::Stall);
    assert_eq!(found.detail, "back + there");
    says(found, &["no op ended for ", " waits to lock Mutex (", &format!(" since {}", at("let _held"))]);
    // It could be woken by its timeout.
    let timed = run("timed", ROUNDS);
    says(only(&timed, FindingKind::Stall), &["A waits on Condvar (", "B waits on Condvar ("]);
    // Nobody knows what the thread of std is about to do.
    let watched = run("watched", CLOSED);
    says(only(&watched, FindingKind::Stall), &["no op ended for ", "A waits on Condvar ("]);
}
