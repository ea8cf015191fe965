//! The engines by name.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::text::{ElementError, TextElement, one_of};

/// What executes a trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EngineKind {
    /// Real threads and processes.
    Stress,
    /// Controlled schedules, sampled, sequentially consistent.
    Shuttle,
    /// Controlled schedules, exhaustive within bounds, C11 memory model.
    Loom,
    /// A worker in another language, over the worker protocol.
    Adapter,
}

impl EngineKind {
    /// All engines, in the order in which a plan runs them.
    pub const ALL: [Self; 4] = [Self::Stress, Self::Shuttle, Self::Loom, Self::Adapter];

    /// The name, which is also the scenario's section.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stress => "stress",
            Self::Shuttle => "shuttle",
            Self::Loom => "loom",
            Self::Adapter => "adapter",
        }
    }
}

impl TextElement for EngineKind {
    const WHAT: &'static str = "an engine: \"stress\", \"shuttle\", \"loom\" or \"adapter\"";
}

impl FromStr for EngineKind {
    type Err = ElementError;

    fn from_str(text: &str) -> Result<Self, ElementError> {
        one_of(text, "engine", &Self::ALL.map(|engine| (engine.name(), engine)))
    }
}

impl fmt::Display for EngineKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back_in_all_forms() {
        for engine in EngineKind::ALL {
            assert_eq!(engine.to_string().parse(), Ok(engine));
            assert_eq!(serde_json::to_string(&engine).unwrap(), format!("\"{engine}\""));
        }
        assert!("native".parse::<EngineKind>().is_err());
    }
}
