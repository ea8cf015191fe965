//! A failing test says how to replay it; what it says does.

use crate::programs::{relaxed_publish, split_update, whole_update};
use racehunt::sync::atomic::{AtomicU64, Ordering};
use racehunt::sync::{Arc, Mutex};
use racehunt::{Outcome, REPLAY, Verdict, hunt, thread};
use std::time::Duration;

/// Says to the test below what to hunt. Without it there is nothing to do: a test that fails on purpose is no test.
const PREY: &str = "RACEHUNT_TEST_PREY";

/// Run by the others, in a process of its own.
#[test]
fn prey() {
    match std::env::var(PREY).as_deref() {
        Ok("split") => drop(hunt("prey").executions(300).check(split_update)),
        Ok("whole") => drop(hunt("prey").executions(300).check(whole_update)),
        Ok("other") => drop(hunt("another").executions(300).check(whole_update)),
        Ok("weak") => drop(hunt("prey").loom([2]).check(|| relaxed_publish(Ordering::Relaxed))),
        _ => {}
    }
}

/// Runs the prey; `None` if it passed, else what it printed.
fn child(prey: &str, token: Option<&str>) -> Option<String> {
    let mut command = assert_cmd::Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "replay::prey", "--test-threads=2"]).env(PREY, prey).env_remove(REPLAY);
    command.env_remove("RUST_BACKTRACE").timeout(Duration::from_secs(60));
    if let Some(token) = token {
        command.env(REPLAY, token);
    }
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("running 1 test"), "{text}");
    (!output.status.success()).then_some(text)
}

/// The token in the command of a failure.
fn token(message: &str) -> String {
    let (_, rest) = message.split_once(&format!("{REPLAY}='")).unwrap_or_else(|| panic!("no token in\n{message}"));
    let (token, command) = rest.split_once('\'').unwrap();
    assert!(command.starts_with(" cargo test replay::prey\n"), "{command}");
    token.to_owned()
}

/// The table of a message.
fn table(message: &str) -> Vec<&str> {
    message.lines().filter(|line| line.contains('│')).collect()
}

#[test]
fn the_command_of_a_failure_shows_the_same_failure() {
    for prey in ["split", "weak"] {
        let found = child(prey, None).expect("a finding");
        let again = child(prey, Some(&token(&found))).expect("the finding again");
        let kind = if prey == "split" { "panic" } else { "data-race" };
        assert!(again.contains(&format!("the token replays: {kind}")), "{again}");
        assert!(!again.contains("executions"), "nothing is searched: {again}");
        assert_eq!(table(&found), table(&again));
    }
}

#[test]
fn code_that_has_changed_is_told_at_its_step() {
    let token = token(&child("split", None).expect("a finding"));
    let now = child("whole", Some(&token)).expect("no pass");
    assert!(now.contains("the token does not match the code any more: step "), "{now}");
    assert!(now.contains("in the token: main: load") || now.contains("in the token: actor-1: load"), "{now}");
    assert!(now.contains("rmw AtomicU64.fetch_add") || now.contains(": rmw "), "{now}");
    assert!(now.contains("programs.rs:"), "{now}");
}

#[test]
fn a_mangled_token_fails_every_hunt_and_one_of_another_hunt_none() {
    let token = token(&child("split", None).expect("a finding"));
    let mangled = format!("{}A{}", &token[..20], &token[21..]);
    assert_ne!(mangled, token);
    for (wrong, says) in [(&*mangled, "mangled"), (&token[..40], "mangled"), ("hello", "not a replay token")] {
        let message = child("whole", Some(wrong)).expect("no pass");
        assert!(message.contains(&format!("{REPLAY}: ")) && message.contains(says), "{says}: {message}");
    }
    assert_eq!(child("other", Some(&token)), None, "it searches, and finds nothing");
    assert!(child("split", Some("")).expect("a finding").contains("300 executions"), "an empty one is none");
}

/// The token of the first finding.
fn found(outcome: &Outcome) -> &str {
    outcome.findings()[0].repro.token().unwrap()
}

#[test]
fn a_token_in_the_code_replays_and_is_held_to_its_name() {
    let searched = hunt("named").executions(300).run(split_update);
    let again = hunt("named").replay(found(&searched)).run(split_update);
    assert_eq!((again.verdict, again.searches.len()), (Verdict::Fail, 0));
    let replayed = again.replayed.as_ref().unwrap();
    assert_eq!(searched.findings()[0].interleaving.as_ref(), Some(&replayed.interleaving));
    let other = hunt("renamed").replay(found(&searched)).run(split_update);
    assert_eq!((other.verdict, other.replayed), (Verdict::Unknown, None));
    assert_eq!(other.reasons, ["replay: this token is of the hunt `named`"]);
}

/// A lost update beside some steps that `extra` says how often to take.
fn with_more(extra: u64) -> impl Fn() + Send + Sync {
    move || {
        let (sum, log) = (Arc::new(AtomicU64::new(0)), Arc::new(Mutex::new(0)));
        let other = {
            let (sum, log) = (Arc::clone(&sum), Arc::clone(&log));
            thread::spawn(move || {
                let seen = sum.load(Ordering::SeqCst);
                (0..extra).for_each(|_| *log.lock().unwrap() += 1);
                sum.store(seen + 1, Ordering::SeqCst);
            })
        };
        sum.fetch_add(1, Ordering::SeqCst);
        other.join().unwrap();
        assert_eq!(sum.load(Ordering::SeqCst), 2);
    }
}

#[test]
fn a_step_more_or_less_is_told_as_what_it_is() {
    let searched = hunt("steps").executions(500).run(with_more(2));
    let replay = |extra| hunt("steps").replay(found(&searched)).run(with_more(extra));
    assert!(replay(2).replayed.is_some());
    for (extra, says) in [(1, "lock"), (3, "lock")] {
        let changed = replay(extra);
        assert_eq!(changed.verdict, Verdict::Unknown);
        assert!(changed.reasons[0].contains("step ") && changed.reasons[0].contains(says), "{changed}");
    }
}
