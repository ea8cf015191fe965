//! Tokens come back, or are refused; trails tell where code has changed.

use super::{Differs, How, PREFIX, Token, TokenError, Trail};
use crate::finding::{Confirmed, Finding, FindingKind, Repro, Shrunk, Size, Switches, fingerprint};
use crate::interleaving::{Interleaving, Step};
use crate::plan::{ActorProgram, ParamValue};
use crate::scenario::{Fault, FileCall, IoError, OpCall, Strategy as Name, Unsynced};
use crate::schedule::Schedule;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;

fn step(actor: u32, kind: &str, label: &str, value: Option<u64>) -> Step {
    let object = "Mutex (src/buffer.rs:31)".to_owned();
    let (kind, label, site) = (kind.to_owned(), label.to_owned(), "src/buffer.rs:48".to_owned());
    Step { actor, kind, label, object, object_id: 2, value, site }
}

fn shown() -> Interleaving {
    Interleaving {
        actors: ["main", "A", "B"].map(str::to_owned).to_vec(),
        setup: vec![step(0, "lock", "", None)],
        steps: vec![step(1, "load", "", Some(0)), step(2, "store", "", Some(1)), step(1, "store", "map.set", Some(1))],
        drain: vec![step(0, "load", "", Some(1))],
        switches: 1,
        ..Interleaving::default()
    }
}

fn token() -> Token {
    Token {
        subject: "metrics-buffer".into(),
        variant: "published-fix".into(),
        params: [("metrics".to_owned(), ParamValue::Integer(4)), ("sink".to_owned(), ParamValue::Float(1.0))].into(),
        faults: vec![
            Fault::Kill { process: "P".into(), unsynced: Unsynced::Torn },
            Fault::Io { call: FileCall::Sync, error: IoError::NoSpace, nth: Some(2), chance: None },
        ],
        program: vec![ActorProgram {
            name: "A".into(),
            ops: vec!["increment(0)".parse().unwrap(), OpCall::plain("flush")],
            process: Some("P".into()),
        }],
        seed: 0xfeed_beef_dead_cafe,
        how: How::Schedule { strategy: Name::Pct(3), steps: 10_000, picks: Schedule(vec![1, 1, 2, 2, 2, 1]) },
        kind: FindingKind::Lost,
        fingerprint: fingerprint("metrics-buffer", "published-fix", FindingKind::Lost, ""),
        trail: Some(Trail::of(&shown())),
    }
}

#[test]
fn comes_back_with_everything_in_it() {
    let text = token().to_string();
    assert!(text.chars().all(|c| c.is_ascii_alphanumeric() || ":-_".contains(c)), "{text}");
    assert_eq!(text.parse(), Ok(token()));
    let how = How::Execution { preemptions: None, execution: 12_345 };
    let other = Token { program: Vec::new(), faults: Vec::new(), how, trail: None, ..token() };
    assert!(other.is_closure() && !token().is_closure());
    assert_eq!(other.to_string().parse(), Ok(other));
}

#[test]
fn every_mangled_letter_is_noticed() {
    let text = token().to_string();
    let letters: Vec<char> = text.chars().collect();
    for at in 0..letters.len() {
        for letter in ['A', 'z', '0', '-', '_', '.', 'ö'] {
            let mut mangled = letters.clone();
            mangled[at] = letter;
            let mangled: String = mangled.into_iter().collect();
            assert!(mangled == text || mangled.parse::<Token>().is_err(), "{at}: {letter}");
        }
        assert!(text[..at].parse::<Token>().is_err(), "cut at {at}");
        let dropped = format!("{}{}", &text[..at], &text[at + 1..]);
        assert!(dropped.parse::<Token>().is_err(), "without {at}");
    }
}

#[test]
fn what_is_no_token_is_told_from_one_that_broke() {
    let said = |text: &str| text.parse::<Token>().unwrap_err();
    assert_eq!(said("report.json"), TokenError::NoToken);
    assert_eq!(said("rh2:AAAA"), TokenError::Version(2));
    assert_eq!(said("rh1:"), TokenError::Mangled("it is cut off"));
    assert!(matches!(said("rh1:AAAAAAAAAAAA"), TokenError::Mangled(_)));
    assert!(Token::is_meant("rh1:x") && Token::is_meant(" rh7:") && !Token::is_meant("rh1/report.json"));
    let wrapped = token().to_string().split_inclusive('a').collect::<Vec<_>>().join("\n  ");
    assert_eq!(wrapped.parse(), Ok(token()), "a mail programme broke the line");
}

#[test]
fn the_token_of_a_finding_says_how_to_run_it_and_real_threads_have_none() {
    let made = token();
    let trial = made.trial();
    assert_eq!(trial.id, "metrics-buffer/published-fix/shuttle/pct:3");
    assert_eq!(trial.program.deal(1, 2, 0), made.program);
    let confirmed = Confirmed { same: 10, of: 10 };
    let mut finding = Finding {
        fingerprint: made.fingerprint.clone(),
        kind: made.kind,
        detail: String::new(),
        message: String::new(),
        race: None,
        count: 1,
        first_execution: 1,
        ids: Vec::new(),
        repro: Repro::Schedule {
            program: made.program.clone(),
            schedule: "1*2 2*3 1".into(),
            seed: made.seed,
            switches: Switches { found: 4, kept: 2 },
            shrunk: Shrunk::not_tried(Size::of(&made.program, 1)),
            spared: Vec::new(),
            confirmed,
            token: String::new(),
        },
        interleaving: Some(shown()),
        exact: None,
    };
    finding.sign(&trial);
    assert_eq!(finding.repro.token().map(str::parse), Some(Ok(made)));
    finding.repro = Repro::Statistical { seed: 1, seen: 1, executions: 2 };
    finding.sign(&trial);
    assert_eq!(finding.repro.token(), None);
}

/// What the trail of [`shown`] says of an execution that `change` changed.
fn changed(change: impl FnOnce(&mut Interleaving)) -> Result<(), Differs> {
    let mut now = shown();
    change(&mut now);
    Trail::of(&shown()).compare(&now)
}

#[test]
fn code_that_only_moved_is_the_same_code() {
    assert_eq!(changed(|_| {}), Ok(()));
    let moved = changed(|now| {
        now.steps[1].site = "elsewhere/src/buffer.rs:52".into();
        now.steps[1].object = "Mutex (elsewhere/src/buffer.rs:35)".into();
    });
    assert_eq!(moved, Ok(()));
}

#[test]
fn a_changed_step_is_named_with_what_is_there_now() {
    let differs = changed(|now| now.steps[1] = step(2, "rmw", "fetch_add", Some(1))).unwrap_err();
    assert_eq!((&*differs.at, &*differs.recorded), ("step 2", "B: store"));
    assert_eq!(differs.now, "B: rmw fetch_add Mutex (src/buffer.rs:31) = 1 at src/buffer.rs:48");
    let differs = changed(|now| now.steps[2].value = Some(2)).unwrap_err();
    assert_eq!((&*differs.at, &*differs.recorded), ("step 3", "another store of A (object, value, name or file)"));
    let differs = changed(|now| now.drain.clear()).unwrap_err();
    assert_eq!((&*differs.at, &*differs.recorded, &*differs.now), ("step 1 of the drain", "main: load", "the end"));
    let differs = changed(|now| now.setup[0].actor = 1).unwrap_err();
    assert_eq!((&*differs.at, &*differs.recorded), ("step 1 of the setup", "main: lock"));
    let differs = changed(|now| now.drain.push(step(0, "load", "", None))).unwrap_err();
    assert_eq!((&*differs.at, &*differs.recorded), ("step 2 of the drain", "the end"));
}

fn any_step() -> impl proptest::strategy::Strategy<Value = Step> {
    let kind = prop::sample::select(vec!["load", "store", "lock", "note", "a kind of tomorrow"]);
    (0u32..4, kind, "[a-z]{0,3}", prop::option::of(0u64..9)).prop_map(|(a, k, l, v)| step(a, k, &l, v))
}

proptest! {
    #[test]
    fn any_token_comes_back(
        (subject, seed, picks) in ("\\PC{0,12}", any::<u64>(), prop::collection::vec(0u32..5, 0..300)),
        steps in prop::collection::vec(any_step(), 0..80),
        preemptions in prop::option::of(0usize..9),
        of_loom in any::<bool>(),
    ) {
        let how = match of_loom {
            true => How::Execution { preemptions, execution: seed },
            false => How::Schedule { strategy: Name::Urw, steps: 7, picks: Schedule(picks) },
        };
        let trail = Some(Trail::of(&Interleaving { steps, ..shown() }));
        let token = Token { subject, seed, how, trail, ..token() };
        prop_assert_eq!(token.to_string().parse(), Ok(token));
    }

    #[test]
    fn another_letter_is_refused_or_reads_the_same(at in 0usize..10_000, letter in "[ -~]") {
        let text = token().to_string();
        let at = at % text.len();
        let mangled = format!("{}{letter}{}", &text[..at], &text[at + 1..]);
        if let Ok(read) = mangled.parse::<Token>() {
            prop_assert_eq!(read, token());
        }
    }

    #[test]
    fn any_bytes_are_refused_and_nothing_breaks(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let sum = crc32fast::hash(&bytes).to_le_bytes();
        let text = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode([&sum, bytes.as_slice()].concat()));
        let _ = text.parse::<Token>();
    }
}
