//! Canned outcomes for tests: a scripted engine that finds what it is told to find.
//!
//! Only with the feature `canned` (and in this crate's own tests), so that the gate and the command line can test
//! against reports without running anything.

use crate::assemble::{Executed, Header, Share, assemble};
use crate::model::{Environment, Report};
use racehunt_core::discovery::{Discovery, Reached, Sampling};
use racehunt_core::finding::{Confirmed, Finding, FindingKind, Repro, ShrinkEnd, Shrunk, Size, Switches, fingerprint};
use racehunt_core::id::Id;
use racehunt_core::interleaving::{Interleaving, Step, Told};
use racehunt_core::ledger::LedgerTotals;
use racehunt_core::observation::Gauge;
use racehunt_core::outcome::{CheckedCount, Named, TrialOutcome};
use racehunt_core::plan::{EngineConfig, Plan, Seeds, Trial};
use racehunt_core::scenario::{EngineKind, Scenario};
use racehunt_core::verdict::{Coverage, Verdict};

/// The seed of every canned run.
pub const SEED: u64 = 42;

/// Checkers that look at every execution.
const CHECKERS: [FindingKind; 4] =
    [FindingKind::Lost, FindingKind::Duplicated, FindingKind::Error, FindingKind::Deadlock];

/// A canary: `published-fix` loses increments, loom is too small to see it, and `hardened` is clean.
pub const CANARY: &str = r#"
schema = 1
name = "metrics-buffer/published-fix"
about = "The snapshot fix stops the crash and still drops what arrives during the hand-over."
[subject]
name = "metrics-buffer"
variant = ["published-fix", "hardened"]
[workload]
mix = { increment = 8, flush = 1 }
[stress]
threads = 2
rounds = 10_000
[shuttle]
strategy = "random"
executions = 10_000
[loom]
preemptions = [2, 3]
[[expect]]
race = "MB3"
finding = "lost"
variants = ["published-fix"]
engines = ["stress", "shuttle"]
why = "two ops an actor are too few"
"#;

/// Nothing expected: one variant, one engine, all must be clean.
pub const CLEAN: &str = r#"
schema = 1
name = "metrics-buffer/hardened"
about = "One lock and a swap: nothing is lost."
[subject]
name = "metrics-buffer"
variant = "hardened"
[workload]
mix = { increment = 8, flush = 1 }
[shuttle]
strategy = "dfs"
"#;

/// Processes over one directory, some of which are killed; both variants go over the bound.
pub const PROCESSES: &str = r#"
schema = 1
name = "trace-buffer/cap"
about = "Four processes count the files before they add one."
[subject]
name = "trace-buffer"
variant = ["as-shipped", "published-fix"]
[workload]
mix = { store = 1 }
[[fault]]
kind = "io"
call = "unlink"
error = "EIO"
chance = 0.01
[stress]
processes = 4
threads = 2
pace = "closed"
duration = "2s"
faults = [{ kind = "kill", every = "200ms" }, { kind = "pause", chance = 0.1 }]
[[expect]]
race = "TB2"
finding = "over-bound"
"#;

/// Reads a scenario that is known to be right.
///
/// # Panics
/// If it is not.
#[must_use]
pub fn scenario(text: &str) -> Scenario {
    Scenario::parse("canned.toml", text).unwrap_or_else(|error| panic!("{error}"))
}

/// What the caller of [`assemble`] gathers.
#[must_use]
pub fn header() -> Header {
    Header {
        version: "0.1.0".into(),
        started: "2026-01-02T03:04:05Z".into(),
        command: ["racehunt", "run", "scenarios"].map(str::to_owned).to_vec(),
        seeds: Seeds::one(SEED),
        share: Share::All,
        environment: Environment {
            cores: 2,
            os: "linux".into(),
            kernel: "6.1.0".into(),
            arch: "x86_64".into(),
            toolchain: "rustc 1.95.0".into(),
            commit: Some("0123456789abcdef0123456789abcdef01234567".into()),
        },
        left_out: vec![],
    }
}

/// One clean, fully judged outcome for every trial of the scenario's plan.
#[must_use]
pub fn outcomes(scenario: &Scenario) -> Vec<TrialOutcome> {
    Plan::expand(scenario, SEED).trials.into_iter().map(clean).collect()
}

/// A clean outcome of 10,000 executions.
#[must_use]
pub fn clean(trial: Trial) -> TrialOutcome {
    let executions = 10_000;
    let coverage = match &trial.engine {
        EngineConfig::Stress(_) | EngineConfig::Adapter(_) => Coverage::Stressed { executions },
        EngineConfig::Shuttle(c) if c.strategy.to_string() == "dfs" => Coverage::Exhaustive,
        EngineConfig::Shuttle(_) => Coverage::Sampled { executions, distinct: 4_211, unseen: 0.0002 },
        EngineConfig::Loom(_) => Coverage::Bounded { preemptions: vec![2, 3] },
    };
    let discovery = match &trial.engine {
        EngineConfig::Stress(_) | EngineConfig::Adapter(_) => None,
        EngineConfig::Shuttle(c) => Some(discovery(Sampling::of(c.strategy))),
        EngineConfig::Loom(_) => Some(discovery(Sampling::InOrder)),
    };
    TrialOutcome {
        discovery,
        verdict: Verdict::Pass,
        reasons: vec![],
        coverage,
        executions,
        steps: None,
        ops: 90_000,
        elapsed_ns: 1_240_000_000,
        ledger: LedgerTotals { accepted: 80_000, delivered: 80_000, ..LedgerTotals::default() },
        ids: Named::default(),
        errors: vec![],
        latencies: vec![],
        gauges: vec![],
        crashes: 0,
        findings: vec![],
        checked: CHECKERS.iter().map(|kind| CheckedCount { checker: *kind, judged: executions }).collect(),
        doubts: vec![],
        notes: vec![],
        timeline: None,
        mutated: None,
        trial,
    }
}

/// 10,000 executions, 4,211 of them different and 2 seen once.
#[must_use]
pub fn discovery(sampling: Sampling) -> Discovery {
    let distinct = [1, 2, 4, 8, 16, 32, 63, 124, 245, 470, 880, 1_590, 2_760, 3_940];
    let point = |(i, distinct): (u32, u64)| Reached { executions: 1 << i, distinct };
    let mut curve: Vec<Reached> = (0..).zip(distinct).map(point).collect();
    curve.push(Reached { executions: 10_000, distinct: 4_211 });
    let unseen = sampling.unseen(2, 10_000);
    Discovery { executions: 10_000, distinct: 4_211, at_least: false, curve, unseen, pct: None }
}

/// The outcome of that variant under that engine.
///
/// # Panics
/// If there is none.
pub fn at<'o>(outcomes: &'o mut [TrialOutcome], variant: &str, engine: EngineKind) -> &'o mut TrialOutcome {
    let here = |one: &&mut TrialOutcome| one.trial.variant == variant && one.trial.engine.kind() == engine;
    outcomes.iter_mut().find(here).unwrap_or_else(|| panic!("no trial of {variant} by {engine}"))
}

/// Adds a finding that `count` executions showed, one id each.
pub fn find(outcome: &mut TrialOutcome, kind: FindingKind, count: u64) {
    let model = matches!(outcome.trial.engine, EngineConfig::Shuttle(_) | EngineConfig::Loom(_));
    let repro = if model {
        let found = Size { actors: 3, ops: 9, kills: 0 };
        let shrunk = Shrunk {
            kept: Size { actors: 2, ops: 2, kills: 0 },
            end: ShrinkEnd::Done,
            executions: 311,
            ..Shrunk::not_tried(found)
        };
        Repro::Schedule {
            program: vec![],
            spared: vec![],
            schedule: "0*3 1*5 0".into(),
            seed: outcome.trial.seed,
            switches: Switches { found: 9, kept: 2 },
            shrunk,
            confirmed: Confirmed { same: 20, of: 20 },
            token: "rh1:canned".into(),
        }
    } else {
        Repro::Statistical { seed: outcome.trial.seed, seen: count, executions: outcome.executions }
    };
    match kind {
        FindingKind::Lost => outcome.ledger.lost += count,
        FindingKind::Duplicated => outcome.ledger.duplicated += count,
        FindingKind::Phantom => outcome.ledger.phantom += count,
        _ => {}
    }
    let message = match kind {
        FindingKind::Lost => "1 of 8 accepted ids is nowhere at rest: 0#1".to_owned(),
        other => format!("{other} was seen"),
    };
    outcome.verdict = Verdict::Fail;
    outcome.reasons.push(format!("{kind}: {message} ({count} of {})", outcome.executions));
    outcome.findings.push(Finding {
        fingerprint: fingerprint(&outcome.trial.subject, &outcome.trial.variant, kind, kind.word()),
        kind,
        detail: kind.word().to_owned(),
        message,
        race: None,
        count,
        first_execution: 17,
        ids: vec![Id::new(0, 1)],
        repro,
        interleaving: model.then(lost_increment),
        exact: None,
    });
}

/// Takes the outcome's word away: it was not judged.
pub fn doubt(outcome: &mut TrialOutcome, reason: &str) {
    outcome.verdict = Verdict::Unknown;
    outcome.reasons = vec![reason.to_owned()];
}

/// The steps of a lost increment: read, hand-over by another actor, write, clear.
#[must_use]
pub fn lost_increment() -> Interleaving {
    let (map, lock) = ("Map (metrics/buffer.rs:32)", "Mutex (metrics/buffer.rs:31)");
    let steps = [
        (1, "note", "flush called", "", 0, None, 0),
        (1, "lock", "lock", lock, 1, None, 77),
        (1, "read", "counters.snapshot", map, 2, Some(3), 78),
        (1, "unlock", "unlock", lock, 1, None, 78),
        (0, "note", "increment(0) called", "", 0, None, 0),
        (0, "read", "counters.get a", map, 2, Some(3), 48),
        (0, "write", "counters.set a", map, 2, Some(4), 49),
        (0, "note", "increment(0) returned", "", 0, None, 0),
        (1, "write", "counters.clear", map, 2, Some(0), 83),
        (1, "note", "flush returned", "", 0, None, 0),
    ];
    let step = |(actor, kind, label, object, object_id, value, line): (u32, &str, &str, &str, u32, _, u32)| Step {
        actor,
        kind: kind.into(),
        label: label.into(),
        object: object.into(),
        object_id,
        value,
        site: if line == 0 { String::new() } else { format!("metrics/buffer.rs:{line}") },
    };
    Interleaving {
        actors: vec!["A".into(), "flusher".into()],
        setup: Vec::new(),
        steps: steps.map(step).to_vec(),
        drain: Vec::new(),
        switches: 2,
        ..Interleaving::default()
    }
    .explain(&Told::default())
}

/// The report of one scenario.
#[must_use]
pub fn report(scenario: Scenario, outcomes: Vec<TrialOutcome>) -> Report {
    let executed = Executed { file: "scenarios/canned.toml".into(), scenario, outcomes };
    assemble(header(), vec![executed], false)
}

/// [`CANARY`] with what it expects: the run passes.
#[must_use]
pub fn canary_outcomes() -> (Scenario, Vec<TrialOutcome>) {
    let scenario = scenario(CANARY);
    let mut outcomes = outcomes(&scenario);
    find(at(&mut outcomes, "published-fix", EngineKind::Stress), FindingKind::Lost, 3);
    find(at(&mut outcomes, "published-fix", EngineKind::Shuttle), FindingKind::Lost, 812);
    (scenario, outcomes)
}

/// [`PROCESSES`] with what it expects, and what became of the items.
#[must_use]
pub fn processes_outcomes() -> (Scenario, Vec<TrialOutcome>) {
    let scenario = scenario(PROCESSES);
    let mut outcomes = outcomes(&scenario);
    for (outcome, rejected) in outcomes.iter_mut().zip([1_440, 0]) {
        let accepted = 3_200 - rejected;
        let (executions, retained) = (1, 200);
        (outcome.executions, outcome.coverage) = (executions, Coverage::Stressed { executions });
        outcome.checked.iter_mut().for_each(|count| count.judged = executions);
        outcome.checked.push(CheckedCount { checker: FindingKind::OverBound, judged: executions });
        outcome.ledger =
            LedgerTotals { accepted, rejected, retained, evicted: accepted - retained, ..LedgerTotals::default() };
        outcome.gauges = vec![
            Gauge { name: "files".into(), peak: 203, bound: Some(200) },
            Gauge { name: "bytes".into(), peak: 1_048_576, bound: None },
        ];
        outcome.crashes = if rejected > 0 { 12 } else { 1 };
        find(outcome, FindingKind::OverBound, 1);
        outcome.findings[0].message = "files: 203 at once, the bound is 200".to_owned();
        outcome.findings[0].ids.clear();
    }
    (scenario, outcomes)
}

/// The report of [`canary_outcomes`].
#[must_use]
pub fn canary() -> Report {
    let (scenario, outcomes) = canary_outcomes();
    report(scenario, outcomes)
}
