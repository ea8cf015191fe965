//! Yields and pauses injected at sync operations.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::chance::Chance;
use super::range::DurationRange;
use super::walk::Node;

/// The chance of a pause that is given without one.
const PAUSE_CHANCE: Chance = Chance::percent(5);

/// Faults in timing. They are injected where the subject calls the sync layer, so code between two such
/// calls is never stretched.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Perturb {
    /// Chance of a yield before a sync operation. Default: 0.
    #[serde(default, rename = "yield")]
    pub yield_chance: Chance,
    /// How long a pause before a sync operation lasts. Default: no pauses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause: Option<DurationRange>,
    /// Chance of such a pause. Default: 0.05; only with `pause`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause_chance: Option<Chance>,
}

impl Perturb {
    pub(super) fn read(node: &Node<'_>) -> Option<Self> {
        let mut section = node.section()?;
        let yield_chance = section.get("yield", Chance::read).unwrap_or_default();
        let pause = section.get("pause", Node::element);
        let chance = section.get("pause_chance", Chance::read);
        if section.has("pause_chance") && !section.has("pause") {
            section.forbid("pause_chance", "needs `pause`", "add `pause = \"0..50us\"`");
        }
        section.finish();
        let pause_chance = pause.map(|_| chance.unwrap_or(PAUSE_CHANCE));
        Some(Self { yield_chance, pause, pause_chance })
    }
}
