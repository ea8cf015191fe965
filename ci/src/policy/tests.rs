//! What a policy says, and what is said of a wrong one.

use super::*;

fn policy(text: &str) -> Policy {
    Policy::parse("gate.toml", text).unwrap_or_else(|e| panic!("{e}"))
}

#[track_caller]
fn wrong(text: &str, says: &[&str]) {
    let error = Policy::parse("gate.toml", text).unwrap_err().to_string();
    for part in says {
        assert!(error.contains(part), "no {part:?} in\n{error}");
    }
}

#[test]
fn an_empty_policy_asks_for_nothing_beyond_the_baseline() {
    let empty = policy("schema = 1");
    assert_eq!(empty, Policy::default());
    assert_eq!(empty.minimum("s", EngineKind::Shuttle), 0);
    assert_eq!((empty.loss("s"), empty.worse("s")), (Loss::default(), Worse::default()));
    assert!(!empty.may_judge_nothing("s", FindingKind::Stall));
}

#[test]
fn the_last_override_that_has_a_key_decides_it() {
    let own = policy(
        r#"
schema = 1
[executions]
shuttle = 100
loom = 7
[loss]
lost = 0
[checkers]
may_judge_nothing = ["stall"]
[speed]
worse = { p50 = 0.1, p99 = 0.25 }
[[scenario]]
name = "a/*"
executions = { shuttle = 5 }
loss = { lost = 3 }
worse = { p50 = 0.5 }
[[scenario]]
name = "a/b"
executions = { shuttle = 2 }
checkers = { may_judge_nothing = ["latency"] }
"#,
    );
    let least = |name| own.minimum(name, EngineKind::Shuttle);
    assert_eq!((least("a/b"), least("a/c"), least("b/b")), (2, 5, 100));
    assert_eq!((own.minimum("a/b", EngineKind::Loom), own.minimum("a/b", EngineKind::Stress)), (7, 0));
    assert_eq!((own.loss("a/b").lost, own.loss("b").lost, own.loss("b").phantom), (Some(3), Some(0), None));
    assert_eq!((own.worse("a/b").p50, own.worse("a/b").p99, own.worse("b").p50), (Some(0.5), Some(0.25), Some(0.1)));
    let excused = |name, kind| own.may_judge_nothing(name, kind);
    assert!(excused("a/b", FindingKind::Stall) && excused("a/b", FindingKind::Latency));
    assert!(!excused("a/c", FindingKind::Latency));
}

#[test]
fn a_wrong_policy_is_shown_at_its_place_with_the_nearest_name() {
    wrong(
        "schema = 1\n[speed]\npair = 4\n",
        &["unknown key `pair`", "--> gate.toml:3:1", "^^^^", "did you mean `pairs`?"],
    );
    wrong("schema = 1\n[colour]\n", &["unknown key `colour`", "gate.toml:2:2", "one of: `schema`, `executions`"]);
    wrong("schema = 1\n[[scenario]]\nname = \"a\"\nloss = { lots = 1 }\n", &["gate.toml:4:10", "did you mean `lost`?"]);
    wrong(
        "schema = 1\n[checkers]\nmay_judge_nothing = [\"stal\"]\n",
        &["unknown name `stal`", "gate.toml:3:22", "`stall`"],
    );
    wrong("schema = 1\n[speed]\npairs = 3\n", &["3 is impossible here: from 6 to 200", "gate.toml:3:9"]);
    wrong("schema = 1\n[speed]\nalpha = 0.5\n", &["0.5 is impossible here", "gate.toml:3:9"]);
    wrong("schema = 1\n[speed]\nworse = { p50 = 0 }\n", &["gate.toml:3:17"]);
    wrong("schema = 1\n[speed]\nduration = \"1\"\n", &["the unit is missing", "gate.toml:3:12"]);
    wrong("schema = 1\n[executions]\nloom = -1\n", &["gate.toml:3:8"]);
    wrong("schema = 2\n", &["the policy has schema 2; this build reads schema 1", "gate.toml:1:1"]);
    wrong("schema 1\n", &["gate.toml:1:"]);
    wrong("", &["missing field `schema`"]);
}

#[test]
fn the_projects_own_policy_reads_and_its_schema_is_current() {
    let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |name: &str| std::fs::read_to_string(here.join(name)).expect(name);
    let own = policy(&read("gate.toml"));
    assert!(own.speed.worse.p50.is_some() && own.loss.lost == Some(0));
    let schema = format!("{:#}\n", Policy::schema());
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(here.join("gate.schema.json"), &schema).expect("a file");
    }
    assert!(read("gate.schema.json") == schema, "not current: UPDATE_SCHEMA=1 cargo test -p racehunt-gate");
}
