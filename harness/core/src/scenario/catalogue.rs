//! The check of a scenario against the subjects that are linked in.

use super::Scenario;
use super::error::{ScenarioError, Unplaced};
use super::nearest::suggest;
use super::param::ParamValue;
use super::subject::SubjectSource;
use super::text::quoted;
use super::workload::Workload;

/// The subjects that are linked in.
pub trait Catalogue {
    /// What is known of a subject, if there is one of this name.
    fn subject(&self, name: &str) -> Option<SubjectInfo>;
    /// The names of all.
    fn names(&self) -> Vec<String>;
}

/// What a scenario may say about a subject.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SubjectInfo {
    /// Names of its variants.
    pub variants: Vec<String>,
    /// Names of its op kinds.
    pub ops: Vec<String>,
    /// Its parameters.
    pub params: Vec<ParamInfo>,
}

/// One parameter of a subject.
#[derive(Debug, Clone, PartialEq)]
pub struct ParamInfo {
    /// Key under `subject.params`.
    pub name: String,
    /// What it may be.
    pub kind: ParamKind,
    /// What it is when the scenario is silent.
    pub default: ParamValue,
}

/// What a parameter may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParamKind {
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Integer,
    /// Any number; a whole one will do.
    Float,
    /// Any text.
    String,
    /// One of these texts.
    Choice(Vec<String>),
}

impl ParamKind {
    /// The kind that a default value implies, if there are no choices.
    #[must_use]
    pub const fn of(default: &ParamValue) -> Self {
        match default {
            ParamValue::Bool(_) => Self::Bool,
            ParamValue::Integer(_) => Self::Integer,
            ParamValue::Float(_) => Self::Float,
            ParamValue::String(_) => Self::String,
        }
    }

    const fn what(&self) -> &'static str {
        match self {
            Self::Bool => "a boolean",
            Self::Integer => "an integer",
            Self::Float => "a number",
            Self::String | Self::Choice(_) => "a string",
        }
    }

    fn accepts(&self, value: &ParamValue) -> bool {
        matches!(
            (self, value),
            (Self::Bool, ParamValue::Bool(_))
                | (Self::Integer | Self::Float, ParamValue::Integer(_))
                | (Self::Float, ParamValue::Float(_))
                | (Self::String | Self::Choice(_), ParamValue::String(_))
        )
    }
}

impl Scenario {
    /// Checks subject, variants, ops and parameters against what is linked in. `file` and `text` are those
    /// that were parsed. Commands are not checked: only the program itself knows what it has.
    ///
    /// # Errors
    /// All names that are unknown and all parameters of a wrong kind, each with its place.
    pub fn check(&self, file: &str, text: &str, catalogue: &dyn Catalogue) -> Result<(), ScenarioError> {
        let SubjectSource::Name(name) = &self.subject.source else {
            return Ok(());
        };
        let mut check = Check { scenario: self, found: Vec::new() };
        match catalogue.subject(name) {
            None => {
                let names = catalogue.names();
                let message = format!("unknown subject {}", quoted(name));
                check.fail(self.spans.value("subject.name"), message, suggest(name, &refs(&names)));
            }
            Some(info) => {
                check.variants(&info, name);
                check.params(&info, name);
                check.ops(&info, name);
            }
        }
        ScenarioError::gather(file, text, check.found).map_or(Ok(()), Err)
    }
}

struct Check<'s> {
    scenario: &'s Scenario,
    found: Vec<Unplaced>,
}

impl Check<'_> {
    fn fail(&mut self, span: std::ops::Range<usize>, message: String, help: String) {
        self.found.push(Unplaced { message, span, help: Some(help) });
    }

    fn variants(&mut self, info: &SubjectInfo, subject: &str) {
        for (index, variant) in self.scenario.subject.variant.values().iter().enumerate() {
            if !info.variants.contains(variant) {
                let span = self.scenario.spans.item("subject.variant", index);
                let message = format!("`{subject}` has no variant {}", quoted(variant));
                self.fail(span, message, suggest(variant, &refs(&info.variants)));
            }
        }
    }

    fn params(&mut self, info: &SubjectInfo, subject: &str) {
        for (name, values) in &self.scenario.subject.params {
            let path = format!("subject.params.{name}");
            let Some(param) = info.params.iter().find(|param| param.name == *name) else {
                let names: Vec<&str> = info.params.iter().map(|param| param.name.as_str()).collect();
                let message = format!("`{subject}` has no parameter {}", quoted(name));
                self.fail(self.scenario.spans.key(&path), message, suggest(name, &names));
                continue;
            };
            for (index, value) in values.values().iter().enumerate() {
                if let Some((message, help)) = objection(param, value) {
                    self.fail(self.scenario.spans.item(&path, index), message, help);
                }
            }
        }
    }

    fn ops(&mut self, info: &SubjectInfo, subject: &str) {
        let known = |kind: &str| info.ops.iter().any(|op| op == kind);
        let message = |kind: &str| format!("`{subject}` has no op {}", quoted(kind));
        match &self.scenario.workload {
            Workload::Mix(mix) => {
                for kind in mix.keys().filter(|kind| !known(kind)) {
                    let span = self.scenario.spans.key(&format!("workload.mix.{kind}"));
                    self.fail(span, message(kind), suggest(kind, &refs(&info.ops)));
                }
            }
            Workload::Actors(actors) => {
                for (row, actor) in actors.iter().enumerate() {
                    for (column, op) in actor.ops.iter().enumerate().filter(|(_, op)| !known(&op.kind)) {
                        let span = self.scenario.spans.item(&format!("workload.actors[{row}].ops"), column);
                        self.fail(span, message(&op.kind), suggest(&op.kind, &refs(&info.ops)));
                    }
                }
            }
        }
    }
}

/// What is wrong with a parameter's value.
fn objection(param: &ParamInfo, value: &ParamValue) -> Option<(String, String)> {
    let title = quoted(&param.name);
    if !param.kind.accepts(value) {
        let message = format!("{title} must be {}, not {}", param.kind.what(), value.kind());
        return Some((message, format!("without it, it is {}", quoted(&param.default.to_string()))));
    }
    match (&param.kind, value) {
        (ParamKind::Choice(choices), ParamValue::String(text)) if !choices.contains(text) => {
            Some((format!("{title} cannot be {}", quoted(text)), suggest(text, &refs(choices))))
        }
        _ => None,
    }
}

fn refs(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}
