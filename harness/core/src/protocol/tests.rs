//! The protocol's lines, among them every example of its document.

use super::*;
use crate::check::Panel;
use crate::history::account;
use crate::observation::Observation;
use proptest::prelude::*;

const DOCUMENT: &str = include_str!("../../../PROTOCOL.md");

fn examples<M: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(arrow: &str) -> Vec<M> {
    let lines = DOCUMENT.lines().filter_map(|l| l.strip_prefix(arrow));
    let read = lines.zip(1..).map(|(line, number)| decode(number, line.as_bytes()).unwrap_or_else(|e| panic!("{e}")));
    read.inspect(|m: &M| {
        let line = encode(m).unwrap();
        assert!(line.starts_with("{\"type\":\"") && line.ends_with('\n') && line.matches('\n').count() == 1, "{line}");
        assert_eq!(&decode::<M>(1, line.as_bytes()).unwrap(), m);
    })
    .collect()
}

fn tags<M: Serialize>(messages: &[M]) -> std::collections::BTreeSet<String> {
    messages.iter().map(|m| serde_json::to_value(m).unwrap()["type"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_document_shows_every_message_and_all_of_them_parse() {
    let to = tags(&examples::<ToWorker>("→ "));
    assert_eq!(to.into_iter().collect::<Vec<_>>(), ["gate", "go", "round", "run", "setup", "stop", "teardown"]);
    let from = tags(&examples::<FromWorker>("← "));
    let all = [
        "beats",
        "done",
        "failed",
        "finding",
        "gate",
        "hello",
        "history",
        "latencies",
        "outcome",
        "progress",
        "ready",
        "snapshot",
        "violation",
    ];
    assert_eq!(from.into_iter().collect::<Vec<_>>(), all);
}

#[test]
fn a_line_that_is_no_message_is_named_and_shown() {
    let says = |line: &str| decode::<FromWorker>(7, line.as_bytes()).unwrap_err().to_string();
    for (line, part) in [
        ("", "EOF while parsing"),
        ("hello", "expected value"),
        ("{\"type\":\"dance\"}", "unknown variant `dance`"),
        ("{\"type\":\"ready\"}", "missing field `actors`"),
        ("{\"type\":\"ready\",\"actors\":1,\"color\":2}", "unknown field `color`"),
        ("{\"type\":\"ready\",\"actors\":1} x", "trailing characters"),
    ] {
        let says = says(line);
        assert!(says.starts_with("line 7 is no message of the protocol: ") && says.contains(part), "{says}");
        assert!(says.ends_with(&format!("it reads `{line}`")), "{says}");
    }
}

#[test]
fn what_is_shown_is_short_and_harmless() {
    assert_eq!(shown(b"a\x1b[2J\xff\"\r\n"), "a\\u{1b}[2J\u{fffd}\"");
    let long = "é".repeat(10_000_000);
    assert_eq!(shown(long.as_bytes()), format!("{}…", "é".repeat(120)));
}

#[test]
fn a_history_becomes_a_ledger() {
    let line = br#"{"type":"history","round":2,"accepted":[1,2],"delivered":[1],"evicted":[2]}"#;
    let FromWorker::History(history) = decode(1, line).unwrap() else { panic!("no history") };
    let (ledger, errors) = history.into_parts();
    assert!(ledger.settle().balances() && errors.is_empty());
}

/// The documented round: what its events mean, and what the checkers make of it.
#[test]
fn the_documents_history_is_judged() {
    let mut observation = Observation { at_rest: true, ..Observation::default() };
    for message in examples::<FromWorker>("← ") {
        match message {
            FromWorker::History(history) if !history.events.is_empty() => {
                observation.history.extend(history.events.iter().cloned());
                observation.ledger.merge(&history.into_parts().0);
            }
            FromWorker::Snapshot { retained, seen, crashes, .. } if crashes > 0 => {
                observation.ledger.retained.extend(retained);
                (observation.seen, observation.crashes) = (seen, crashes);
            }
            _ => {}
        }
    }
    account(&observation.history, &mut observation.ledger);
    let ids = |numbers: &[u64]| numbers.iter().copied().map(Id).collect::<Vec<_>>();
    let ledger = &observation.ledger;
    assert_eq!((&ledger.accepted, &ledger.evicted), (&ids(&[0, 1 << 40]), &ids(&[0])));
    assert_eq!((&ledger.rejected, &ledger.uncertain), (&ids(&[1]), &ids(&[])));
    let (violations, _) = Panel::default().judge(&observation);
    let found: Vec<String> = violations.iter().map(|v| format!("{} {}", v.kind, v.detail)).collect();
    assert_eq!(found, ["duplicated sends", "over-bound files", "unreadable torn", "side-effect evicted"]);
}

#[test]
fn an_event_with_a_slip_in_it_is_refused() {
    for (what, part) in [
        (r#"{"put":{"id":0,"answer":"maybe","evicted":[]}}"#, "unknown variant `maybe`"),
        (r#"{"put":{"id":0,"answer":"yes"}}"#, "missing field `evicted`"),
        (r#"{"remove":[0,"drop"]}"#, "unknown variant `drop`"),
        (r#"{"take":0}"#, "unknown variant `take`"),
    ] {
        let line = format!(r#"{{"type":"history","round":1,"events":[{{"actor":0,"from":1,"to":2,"what":{what}}}]}}"#);
        let says = decode::<FromWorker>(1, line.as_bytes()).unwrap_err().to_string();
        assert!(says.contains(part), "{says}");
    }
    let line = br#"{"type":"snapshot","round":1,"retained":[],"seen":{"gauges":[],"files":3}}"#;
    assert!(decode::<FromWorker>(1, line).unwrap_err().to_string().contains("unknown field `files`"));
}

proptest! {
    #[test]
    fn ids_survive_the_wire(round: u64, accepted: Vec<u64>, delivered: Vec<u64>) {
        let ids = |n: Vec<u64>| n.into_iter().map(Id).collect();
        let history = History { round, accepted: ids(accepted), delivered: ids(delivered), ..History::default() };
        let message = FromWorker::History(history);
        let line = encode(&message).unwrap();
        prop_assert_eq!(decode::<FromWorker>(1, line.as_bytes()).unwrap(), message);
    }

    #[test]
    fn no_line_panics(line: Vec<u8>) {
        let _ = decode::<FromWorker>(1, &line).map_err(|e| e.to_string());
    }
}
