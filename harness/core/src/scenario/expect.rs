//! `[[expect]]`: what must be found.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::engine_kind::EngineKind;
use super::finding_kind;
use super::nearest::{listed, suggest};
use super::subject::read_name;
use super::text::{TextElement, quoted};
use super::walk::{Node, Section};
use crate::finding::FindingKind;

/// A finding that must be there. Whatever else is found fails the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// Row of the race catalogue: `MB3`.
    pub race: String,
    /// The checker's word for it.
    pub finding: FindingKind,
    /// The variants that have it. Default: all that the scenario names. The others must be clean.
    #[serde(default)]
    pub variants: Vec<String>,
    /// The engines that must find it. Default: all that the scenario configures.
    #[serde(default)]
    pub engines: Vec<EngineKind>,
    /// Why the other engines cannot see it. Required if `engines` leaves out one that is configured: an
    /// engine that merely did not find it this time has no reason to give. It stands for the engines that are not
    /// configured, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl Expectation {
    /// True if a trial of this variant and engine must show the finding.
    #[must_use]
    pub fn covers(&self, variant: &str, engine: EngineKind) -> bool {
        self.engines.contains(&engine) && self.variants.iter().any(|name| name == variant)
    }

    /// Reads one; `variants` and `engines` are the scenario's own, `None` where those are wrong themselves.
    pub(super) fn read(node: &Node<'_>, variants: Option<&[String]>, engines: &[EngineKind]) -> Option<Self> {
        let mut section = node.section()?;
        let race = section.require("race", "race = \"MB3\"", |node| read_name(node, "a race's id such as \"MB3\""));
        let finding = section.require("finding", "finding = \"lost\"", |node| {
            node.parsed("a kind of finding such as \"lost\"", finding_kind::parse)
        });
        let own_variants =
            section.get("variants", |node| node.list("a list of variants", |node| read_variant(node, variants)));
        let own_engines =
            section.get("engines", |node| node.list("a list of engines", |node| read_engine(node, engines)));
        let why = section.get("why", |node| node.string("a sentence"));
        if let Some(own) = &own_engines {
            check_why(&mut section, own, engines);
        }
        section.finish();
        Some(Self {
            race: race?,
            finding: finding?,
            variants: own_variants.or_else(|| variants.map(<[String]>::to_vec))?,
            engines: own_engines.unwrap_or_else(|| engines.to_vec()),
            why,
        })
    }
}

fn read_variant(node: &Node<'_>, variants: Option<&[String]>) -> Option<String> {
    let name = node.string("a variant's name")?;
    if let Some(variants) = variants
        && !variants.contains(&name)
    {
        let names: Vec<&str> = variants.iter().map(String::as_str).collect();
        node.fail(format!("the scenario does not run the variant {}", quoted(&name)), suggest(&name, &names));
        return None;
    }
    Some(name)
}

fn read_engine(node: &Node<'_>, engines: &[EngineKind]) -> Option<EngineKind> {
    let engine: EngineKind = node.parsed(EngineKind::WHAT, str::parse)?;
    if !engines.contains(&engine) {
        node.fail(format!("the scenario has no `[{engine}]`"), format!("it has {}", listed(&names(engines))));
        return None;
    }
    Some(engine)
}

fn check_why(section: &mut Section<'_>, own: &[EngineKind], engines: &[EngineKind]) {
    let left_out: Vec<EngineKind> = engines.iter().copied().filter(|engine| !own.contains(engine)).collect();
    if !left_out.is_empty() && !section.has("why") {
        section.fail(
            format!("missing key `why` in `[expect]`: {} is left out", listed(&names(&left_out))),
            "add `why = \"…\"`: what keeps that engine from seeing it",
        );
    }
}

fn names(engines: &[EngineKind]) -> Vec<&'static str> {
    engines.iter().map(|engine| engine.name()).collect()
}
