//! Full examples are read, their defaults filled in, and come back the same from every written form.

use std::time::Duration;

use proptest::prelude::{ProptestConfig, any, prop, prop_assert, prop_assert_eq, proptest};
use proptest::strategy::Strategy as _;
use racehunt_core::finding::FindingKind;
use racehunt_core::scenario::{
    Chance, EngineKind, Fault, FileCall, IoError, OpCall, Pace, ParamValue, Preemptions, Scenario, Strategy,
    StressFault, SubjectSource, Unsynced, Workload,
};

/// A snapshot without the expression that made it, which would repeat the whole test.
macro_rules! assert_shown {
    ($shown:expr) => {
        insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!($shown) })
    };
}

const FULL: &str = r#"
schema = 1
name = "metrics-buffer/published-fix-loses-increments"
about = "The snapshot fix stops the crash and still drops what arrives during the hand-over."

[subject]
name = "metrics-buffer"
variant = ["published-fix", "hardened"]
params = { metrics = [4, 8], sink = "statsd", ratio = 0.5, sync = true }

[workload]
mix = { increment = 8, timing = 2, flush = 1 }

[stress]
processes = 2
threads = [2, 4, 8]
duration = "10s"
rounds = 1_000_000
ops_per_thread = 5
perturb = { yield = 0.05, pause = "0..50us", pause_chance = 0.1 }
stop_after = 3

[shuttle]
threads = 3
ops_per_thread = 3
strategy = ["random", "pct:3", "urw", "pos", "surw", "dfs"]
executions = 100_000
time = "20s"
steps = 20_000
reduce = false

[loom]
threads = 2
ops_per_thread = 2
preemptions = [2, 3, "none"]
executions = 1_000_000
time = "20s"

[limits]
lost = 0
duplicated = 1
phantom = 2
errors = 3
p50 = { flush = "1ms" }
p99 = { flush = "2ms", increment = "50us" }
max = { flush = "1s" }
stall = "3s"

[[expect]]
race = "MB3"
finding = "lost"
variants = ["published-fix"]
engines = ["stress", "shuttle"]
why = "needs three actors and loom has two here"

[[expect]]
race = "MB4"
finding = "data-race"
"#;

const ACTORS: &str = r#"
schema = 1
name = "metrics-buffer/hand-over"
about = "One drain against two increments."

[subject]
name = "metrics-buffer"
variant = "published-fix"

[workload]
actors = [
    { name = "D", ops = ["flush"] },
    { name = "A", ops = ["increment(0)", "increment(0)"] },
]

[stress]
threads = [2, 5]
rate = "20k/s"
duration = "1m 30s"

[shuttle]
[loom]
"#;

const ADAPTER: &str = r#"
schema = 1
name = "arroyo/as-shipped"
about = "The Python consumer commits before the batch is done."
on_request = "needs sentry-arroyo for the python3 in PATH"

[subject]
command = ["python3", "adapters/python/arroyo_adapter.py", "-v", "-v"]

[workload]
mix = { submit = 1 }

[adapter]
rounds = 1_000
silence = "7s"

[[expect]]
race = "AR1"
finding = "lost"
"#;

/// Two processes over files, one of which is killed; what goes wrong in models alone stands in [`POWER`].
const FAULTS: &str = r#"
schema = 1
name = "trace-buffer/as-shipped"
about = "Two processes store and one of them dies."

[subject]
name = "trace-buffer"
variant = "as-shipped"

[workload]
actors = [
    { name = "A", process = "P", ops = ["store", "store"] },
    { name = "B", process = "Q", ops = ["store"] },
    { name = "C", process = "Q", ops = ["list"] },
]

[[fault]]
kind = "kill"
process = "P"

[[fault]]
kind = "io"
call = "write"
error = "ENOSPC"
nth = 2

[[fault]]
kind = "io"
call = "unlink"
error = "EACCES"
chance = 0.25

[stress]
rounds = 1_000
stop_after = 3
perturb = { yield = 0.05 }
faults = [
    { kind = "kill", every = "200ms" },
    { kind = "kill", call = "write", chance = 0.01 },
    { kind = "pause", chance = 0.1 },
]

[shuttle]
[loom]
"#;

const POWER: &str = r#"
schema = 1
name = "trace-buffer/power-cut"
about = "A process dies and what it did not sync is torn."

[subject]
name = "trace-buffer"
variant = "as-shipped"

[workload]
actors = [{ name = "A", process = "P", ops = ["store"] }, { name = "B", ops = ["list"] }]

[[fault]]
kind = "kill"
process = "P"
unsynced = "torn"

[loom]
"#;

const LOAD: &str = r#"
schema = 1
name = "trace-buffer/load"
about = "1 to 8 processes store as fast as they can."

[subject]
name = "trace-buffer"
variant = "hardened"

[workload]
mix = { store = 8, list = 1 }

[[fault]]
kind = "io"
call = "sync"
error = "EIO"
chance = 0.01

[stress]
processes = [1, 2, 4, 8]
threads = [1, 2]
pace = "closed"
duration = "10s"
faults = [{ kind = "pause", chance = 0.1 }]
"#;

/// Every example.
const ALL: [&str; 6] = [FULL, ACTORS, ADAPTER, FAULTS, POWER, LOAD];

fn parse(text: &str) -> Scenario {
    Scenario::parse("x.toml", text).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn everything_that_is_written_is_read() {
    let scenario = parse(FULL);
    assert_eq!(scenario.subject.source, SubjectSource::Name("metrics-buffer".into()));
    assert_eq!(scenario.subject.params["metrics"].values(), [ParamValue::Integer(4), ParamValue::Integer(8)]);
    assert_eq!(scenario.subject.params["ratio"].values(), [ParamValue::Float(0.5)]);
    assert_eq!(scenario.engines(), [EngineKind::Stress, EngineKind::Shuttle, EngineKind::Loom]);
    let stress = scenario.stress.as_ref().unwrap();
    assert_eq!((stress.pace, stress.threads.values()), (Pace::Rounds, [2, 4, 8].as_slice()));
    assert_eq!(stress.perturb.unwrap().pause.unwrap().max(), Duration::from_micros(50));
    let shuttle = scenario.shuttle.as_ref().unwrap();
    let strategies = [Strategy::Random, Strategy::Pct(3), Strategy::Urw, Strategy::Pos, Strategy::Surw, Strategy::Dfs];
    assert_eq!(shuttle.strategy.values(), strategies);
    let loom = scenario.loom.as_ref().unwrap();
    assert_eq!(loom.preemptions[2], Preemptions::unbounded());
    let latencies = scenario.limits.latencies();
    assert_eq!(latencies[0], ("p50".into(), "flush".into(), 1_000_000));
    assert_eq!(latencies.len(), 4);
    let expect = &scenario.expect;
    assert!(expect[0].covers("published-fix", EngineKind::Stress));
    assert!(!expect[0].covers("hardened", EngineKind::Stress));
    assert!(!expect[0].covers("published-fix", EngineKind::Loom));
    assert_eq!(expect[1].finding, FindingKind::DataRace);
    assert!(expect[1].covers("hardened", EngineKind::Loom));
}

#[test]
fn actors_set_the_sizes() {
    let scenario = parse(ACTORS);
    let Workload::Actors(actors) = &scenario.workload else { panic!("not actors") };
    assert_eq!(actors[1].ops[0], OpCall { kind: "increment".into(), arg: Some(0) });
    let stress = scenario.stress.as_ref().unwrap();
    assert_eq!((stress.pace, stress.ops_per_thread), (Pace::Open, None));
    assert_eq!(stress.duration.unwrap().get(), Duration::from_secs(90));
    assert_eq!(scenario.shuttle.as_ref().unwrap().threads, None);
    assert_eq!(scenario.loom.as_ref().unwrap().ops_per_thread, None);
}

#[test]
fn faults_and_processes_are_read_and_sized() {
    let scenario = parse(FAULTS);
    let kill = Fault::Kill { process: "P".into(), unsynced: Unsynced::Kept };
    let io =
        |call, error, nth, chance: Option<f64>| Fault::Io { call, error, nth, chance: chance.and_then(Chance::new) };
    let second = io(FileCall::Write, IoError::NoSpace, Some(2), None);
    assert_eq!(scenario.fault, [kill, second, io(FileCall::Unlink, IoError::Denied, None, Some(0.25))]);
    assert_eq!(scenario.workload.process_names(), ["P", "Q"]);
    let stress = scenario.stress.as_ref().unwrap();
    assert_eq!((stress.processes.values(), stress.threads.values()), ([2].as_slice(), [2].as_slice()));
    let every = "200ms".parse().ok();
    assert_eq!(stress.faults[0], StressFault::Kill { every, call: None, chance: None });
    let (call, chance) = (Some(FileCall::Write), Chance::new(0.01));
    assert_eq!(stress.faults[1], StressFault::Kill { every: None, call, chance });
    assert_eq!(stress.faults[2], StressFault::Pause { chance: Chance::new(0.1).unwrap() });
    let torn = Fault::Kill { process: "P".into(), unsynced: Unsynced::Torn };
    assert_eq!(parse(POWER).fault, [torn]);
    // Without names, the threads of all processes run the actors in turn.
    let with =
        |line: &str| parse(&ACTORS.replace("[stress]\nthreads = [2, 5]\nrate = \"20k/s\"", line)).stress.unwrap();
    assert!(with("[stress]\nrounds = 1").chase, "what real threads show is chased unless the scenario says no");
    assert!(!with("[stress]\nrounds = 1\nchase = false").chase);
    let stress = with("[stress]\nprocesses = [2, 4]\nthreads = 1\npace = \"closed\"");
    assert_eq!((stress.processes.values(), stress.threads.values()), ([2, 4].as_slice(), [1].as_slice()));
    assert_eq!(with("[stress]\nprocesses = 4\npace = \"closed\"").threads.values(), [2]);
}

#[test]
fn a_command_needs_no_variant_and_keeps_its_words() {
    let scenario = parse(ADAPTER);
    assert_eq!(scenario.subject.command().unwrap().len(), 4);
    assert_eq!(scenario.subject.label(), "arroyo_adapter");
    assert_eq!(scenario.on_request.as_deref(), Some("needs sentry-arroyo for the python3 in PATH"));
    assert_eq!(parse(ACTORS).on_request, None);
    assert_eq!(scenario.subject.variant.values(), ["default"]);
    assert!(scenario.expect[0].covers("default", EngineKind::Adapter));
    let adapter = scenario.adapter.unwrap();
    assert_eq!((adapter.threads.values(), adapter.batch), ([2].as_slice(), 100));
}

#[test]
fn defaults_are_those_that_are_documented() {
    let scenario = parse(
        "schema = 1\nname = \"a\"\nabout = \"b\"\n[subject]\nname = \"s\"\nvariant = \"v\"\n\
         [workload]\nmix = { x = 1 }\n[stress]\nrounds = 1\n[shuttle]\n[loom]\n",
    );
    assert_shown!(toml::to_string(&scenario).unwrap());
}

#[test]
fn every_written_form_reads_back_the_same() {
    for text in ALL {
        let scenario = parse(text);
        let toml = toml::to_string(&scenario).unwrap();
        assert_eq!(parse(&toml), scenario, "{toml}");
        let json = serde_json::to_string(&scenario).unwrap();
        assert_eq!(serde_json::from_str::<Scenario>(&json).unwrap(), scenario);
        // Through a `Value`, whose maps are sorted.
        let value = serde_json::to_value(&scenario).unwrap();
        assert_eq!(serde_json::from_value::<Scenario>(value).unwrap(), scenario);
    }
}

#[test]
fn the_schema_knows_every_key_and_no_other() {
    let schema = serde_json::to_value(schemars::schema_for!(Scenario)).unwrap();
    assert_eq!(schema["additionalProperties"], false);
    assert_eq!(schema["required"], serde_json::json!(["schema", "name", "about", "subject", "workload"]));
    assert_eq!(schema["$defs"]["Shuttle"].get("required"), None);
    assert_eq!(schema["$defs"]["Perturb"]["properties"]["yield"]["$ref"], "#/$defs/Chance");
}

/// Breaks a text in one place.
fn mutated() -> impl prop::strategy::Strategy<Value = String> {
    let cut = (
        0..ALL.len(),
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
        "\\PC{0,6}|[\\[\\]{}\"'=.\\n#\\\\]{1,4}",
    );
    cut.prop_map(|(which, from, to, new)| {
        let text: Vec<char> = ALL[which].chars().collect();
        let (from, to) = (from.index(text.len()), to.index(text.len()));
        let to = from + (to % 12).min(text.len() - from);
        text[..from].iter().copied().chain(new.chars()).chain(text[to..].iter().copied()).collect::<String>()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn mutated_text_never_panics(text in mutated()) {
        match Scenario::parse("x.toml", &text) {
            Ok(scenario) => {
                let toml = toml::to_string(&scenario).unwrap();
                prop_assert_eq!(Scenario::parse("x.toml", &toml).unwrap(), scenario);
            }
            Err(error) => {
                prop_assert!(!error.diagnostics().is_empty());
                prop_assert!(error.render(false).starts_with("error: "));
                prop_assert!(error.render(true).contains("x.toml"));
            }
        }
    }

    #[test]
    fn any_text_never_panics(text in "(?s).{0,80}") {
        if let Err(error) = Scenario::parse("x.toml", &text) {
            prop_assert!(error.to_string().starts_with("error: "));
        }
    }
}
