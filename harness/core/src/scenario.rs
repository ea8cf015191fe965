//! Scenarios: the strict reading of one TOML file.
//!
//! [`Scenario::parse`] reads a text (no file is touched here) and either gives all of it, with every default
//! filled in, or all that is wrong, each with line, column, a caret and the nearest valid name. Nothing is
//! skipped: a key that would not be looked at is an error, because a limit or a size that is silently ignored
//! turns into a verdict that promises too much. [`Scenario::check`] then holds the names against the subjects
//! that are linked in.
//!
//! A scenario serialises to the form in which it is written, so that a report can show it and TOML made from
//! it parses to the same.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toml::de::DeTable;

mod adapter;
mod catalogue;
mod chance;
mod engine_kind;
mod error;
mod expect;
mod fault;
mod finding_kind;
mod limits;
mod loom;
mod nearest;
mod on_request;
mod op;
mod pace;
mod param;
mod perturb;
mod preemptions;
mod range;
mod rate;
mod shuttle;
mod sizes;
mod spans;
mod strategy;
mod stress;
mod subject;
mod sweep;
mod text;
mod timespan;
mod walk;
mod workload;

pub use adapter::Adapter;
pub use catalogue::{Catalogue, ParamInfo, ParamKind, SubjectInfo};
pub use chance::Chance;
pub use engine_kind::EngineKind;
pub use error::{Diagnostic, ScenarioError};
pub use expect::Expectation;
pub use fault::{Fault, FileCall, IoError, StressFault, Unsynced};
pub use limits::{LatencyLimits, Limits};
pub use loom::Loom;
pub use op::OpCall;
pub use pace::Pace;
pub use param::{ParamValue, Params};
pub use perturb::Perturb;
pub use preemptions::Preemptions;
pub use range::DurationRange;
pub use rate::Rate;
pub use shuttle::Shuttle;
pub use strategy::Strategy;
pub use stress::Stress;
pub use subject::{SubjectSource, SubjectSpec};
pub use sweep::Sweep;
pub use text::ElementError;
pub use timespan::Timespan;
pub use workload::{ActorProgram, Workload};

use spans::Spans;
use text::quoted;
use walk::{Node, Section, Walk};

/// The schema that this build reads.
pub const SCHEMA: u32 = 1;

/// What to run and what is expected of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Version of this format: 1.
    #[schemars(range(min = 1, max = 1))]
    pub schema: u32,
    /// Its name: small letters, digits, `/`, `-`, `_`, `.`. Seeds do not hang on it.
    #[schemars(regex(pattern = r"^[a-z0-9/_.-]+$"))]
    pub name: String,
    /// What it shows, for people.
    #[schemars(length(min = 1))]
    pub about: String,
    /// Why it is not part of a run of everything: what it needs that is not everywhere, or how long it takes. With a
    /// reason here, a run of a folder above its own leaves the scenario out and says so; naming its file or its own
    /// folder runs it. Default: it is part of every run.
    #[schemars(regex(pattern = r"^.*\S.*$"))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_request: Option<String>,
    /// The component under test.
    pub subject: SubjectSpec,
    /// What the actors do.
    pub workload: Workload,
    /// Real threads and processes. At least one of the four engines must be there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stress: Option<Stress>,
    /// Controlled schedules, sampled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shuttle: Option<Shuttle>,
    /// Controlled schedules, exhaustive within bounds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loom: Option<Loom>,
    /// A worker in another language; only with `subject.command`, which has no other engine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adapter: Option<Adapter>,
    /// What goes wrong in every execution, under each engine. Default: nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fault: Vec<Fault>,
    /// What a clean run must keep.
    #[serde(default)]
    pub limits: Limits,
    /// What must be found. Without any, every trial must be clean.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expect: Vec<Expectation>,
    #[serde(skip)]
    spans: Spans,
}

impl Scenario {
    /// Reads a scenario. `file` is only a name for messages; no file is read.
    ///
    /// # Errors
    /// All that is wrong with the text, not only the first. After a syntax error nothing else is looked at:
    /// what a half-read line means is a guess.
    pub fn parse(file: &str, text: &str) -> Result<Self, ScenarioError> {
        let walk = Walk::default();
        let (document, syntax) = DeTable::parse_recoverable(text);
        let readable = note_syntax(&walk, text, &syntax);
        let scenario = if readable { read(&walk, document.get_ref()) } else { None };
        let clean = walk.is_clean();
        let (found, places) = walk.into_parts();
        match scenario {
            Some(scenario) if clean => Ok(Self { spans: Spans::new(places), ..scenario }),
            _ => {
                Err(ScenarioError::gather(file, text, found).unwrap_or_else(|| ScenarioError::unexplained(file, text)))
            }
        }
    }

    /// The engines that the scenario configures, in the order in which a plan runs them.
    #[must_use]
    pub fn engines(&self) -> Vec<EngineKind> {
        let configured = [self.stress.is_some(), self.shuttle.is_some(), self.loom.is_some(), self.adapter.is_some()];
        EngineKind::ALL.into_iter().zip(configured).filter_map(|(engine, is)| is.then_some(engine)).collect()
    }
}

/// Notes errors of syntax; true if the document still means what it says.
///
/// Of several only the first is noted, because the others follow from it: an array that is not closed makes
/// every line after it wrong. A duplicate key disturbs nothing else, so each is noted.
fn note_syntax(walk: &Walk, text: &str, errors: &[toml::de::Error]) -> bool {
    let (duplicates, others): (Vec<_>, Vec<_>) = errors.iter().partition(|error| error.message() == "duplicate key");
    for error in duplicates {
        let span = error.span().unwrap_or(0..0);
        let key = text.get(span.clone()).unwrap_or_default();
        walk.fail(span, format!("duplicate key {}", quoted(key)), "keep one of the two".to_owned());
    }
    if let Some(first) = others.first() {
        walk.fail(first.span().unwrap_or(0..0), first.message(), None);
    }
    others.is_empty()
}

/// Reads the document; `None` if something is wrong, which is then noted.
fn read(walk: &Walk, table: &DeTable<'_>) -> Option<Scenario> {
    let mut root = Section::root(walk, table);
    let schema = root.require("schema", "schema = 1", read_schema);
    if root.has("schema") && schema.is_none() {
        // Another version's keys would all be called unknown.
        return None;
    }
    let name = root.require("name", "name = \"metrics-buffer/as-shipped\"", read_scenario_name);
    let about = root.require("about", "about = \"…\"", |node| node.string("a sentence on what this shows"));
    let on_request = root.get("on_request", on_request::read);
    let subject = root.require("subject", "[subject]", SubjectSpec::read);
    let workload = root.require("workload", "[workload]", Workload::read);
    let fault = read_faults(&mut root, subject.as_ref(), workload.as_ref());
    let kills = fault.iter().filter(|fault| matches!(fault, Fault::Kill { .. })).count();
    let stress = root.get("stress", |node| Stress::read(node, workload.as_ref(), kills > 0));
    let shuttle = root.get("shuttle", |node| Shuttle::read(node, workload.as_ref(), kills));
    let loom = root.get("loom", |node| Loom::read(node, workload.as_ref(), kills));
    let adapter = root.get("adapter", |node| Adapter::read(node, workload.as_ref()));
    let engines: Vec<EngineKind> = EngineKind::ALL.into_iter().filter(|engine| root.has(engine.name())).collect();
    check_engines(&mut root, &engines, subject.as_ref());
    let timed = root.has("stress") || root.has("adapter");
    let limits = root.get("limits", |node| Limits::read(node, workload.as_ref(), timed)).unwrap_or_default();
    let variants = subject.as_ref().map(|subject| subject.variant.values());
    let expect = root.get("expect", |node| read_expect(node, variants, &engines)).unwrap_or_default();
    root.finish();
    Some(Scenario {
        schema: schema?,
        name: name?,
        about: about?,
        on_request,
        subject: subject?,
        workload: workload?,
        stress,
        shuttle,
        loom,
        adapter,
        fault,
        limits,
        expect,
        spans: Spans::default(),
    })
}

fn read_schema(node: &Node<'_>) -> Option<u32> {
    let schema = node.count(0..=i64::MAX as u64)?;
    if schema != u64::from(SCHEMA) {
        node.fail(format!("unknown schema {schema}"), format!("this racehunt reads schema {SCHEMA}"));
        return None;
    }
    Some(SCHEMA)
}

fn read_scenario_name(node: &Node<'_>) -> Option<String> {
    let name = node.string("a name such as \"metrics-buffer/as-shipped\"")?;
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '/' | '-' | '_' | '.');
    if let Some(wrong) = name.chars().find(|c| !fits(*c)) {
        let message = format!("a scenario's name cannot have {}", quoted(&wrong.to_string()));
        node.fail(message, "small letters, digits, `/`, `-`, `_` and `.`");
        return None;
    }
    Some(name)
}

fn read_faults(root: &mut Section<'_>, subject: Option<&SubjectSpec>, workload: Option<&Workload>) -> Vec<Fault> {
    let command = subject.is_some_and(|subject| subject.command().is_some());
    let around = fault::Around { workload, stress: root.has("stress"), command };
    root.get("fault", |node| Fault::read_all(node, around)).unwrap_or_default()
}

fn read_expect(node: &Node<'_>, variants: Option<&[String]>, engines: &[EngineKind]) -> Option<Vec<Expectation>> {
    node.each("a list of tables (`[[expect]]`)", |node| Expectation::read(node, variants, engines))
}

/// Which engines go with which subject.
fn check_engines(root: &mut Section<'_>, engines: &[EngineKind], subject: Option<&SubjectSpec>) {
    if engines.is_empty() {
        root.fail("no engine", "add at least one of `[stress]`, `[shuttle]`, `[loom]`, `[adapter]`");
    }
    let Some(subject) = subject else { return };
    let (wrong, why, help): (&[EngineKind], _, _) = match subject.source {
        SubjectSource::Name(_) => (
            &[EngineKind::Adapter],
            "needs `subject.command`",
            "a subject that is linked in is run by `[stress]`, `[shuttle]` or `[loom]`",
        ),
        SubjectSource::Command(_) => (
            &[EngineKind::Stress, EngineKind::Shuttle, EngineKind::Loom],
            "needs `subject.name`",
            "a command is run by `[adapter]`",
        ),
    };
    for engine in wrong {
        root.forbid(engine.name(), why, help);
    }
}
