//! What a soak adds to a report: a row of legs, and what changed from one to the next.

use racehunt_core::drift::{Drift, Point};
use racehunt_core::outcome::Named;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A soak: every trial of the report is the sum of its legs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Soak {
    /// Legs that count: each is one trial, from its start to its judgement.
    pub legs: u64,
    /// How long the load of each takes.
    pub leg_ns: u64,
    /// How long to soak; `null` if it is for so many legs.
    pub planned_ns: Option<u64>,
    /// For how many legs; `null` if it is for a time.
    pub planned_legs: Option<u64>,
    /// Time that the legs took, their start and their judgement included.
    pub elapsed_ns: u64,
    /// How often it was taken up again.
    pub resumed: u64,
    /// Why it ended; `null` while it can go on.
    pub ended: Option<String>,
    /// What changed over the time.
    pub drift: Vec<Drift>,
    /// What that was computed from; of a long soak some of the legs, spread over the whole time.
    pub points: Vec<Point>,
    /// The ids of which something is wrong, leg by leg, as many as there is room for.
    pub ids: Vec<LegIds>,
    /// Ids that are not named above.
    pub unnamed: u64,
}

/// The ids of which something is wrong in one leg. In the next leg ids begin anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LegIds {
    /// Number of the leg, from 1.
    pub leg: u64,
    /// Id of its trial.
    pub trial: String,
    /// The seed it ran with.
    pub seed: u64,
    /// The ids.
    pub ids: Named,
}

impl Soak {
    /// Ids that are named at most.
    pub const MOST_IDS: usize = 50_000;

    /// Adds what one leg said of its ids. `wrong` is how many were wrong in all.
    pub fn name(&mut self, one: LegIds, wrong: u64) {
        let size = |ids: &Named| ids.lost.len() + ids.duplicated.len() + ids.phantom.len();
        let named: usize = self.ids.iter().map(|leg| size(&leg.ids)).sum();
        let more = size(&one.ids);
        if named + more <= Self::MOST_IDS {
            self.unnamed += wrong.saturating_sub(more as u64);
            if more > 0 {
                self.ids.push(one);
            }
        } else {
            self.unnamed += wrong;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use racehunt_core::id::Id;

    #[test]
    fn ids_are_named_while_there_is_room_and_counted_then() {
        let mut soak = Soak::default();
        let leg = |leg, n: u64| {
            let ids = Named { lost: (0..n).map(Id).collect(), ..Named::default() };
            LegIds { leg, trial: "t".into(), seed: 1, ids }
        };
        soak.name(leg(1, 0), 0);
        soak.name(leg(2, 1_000), 1_500);
        assert_eq!((soak.ids.len(), soak.unnamed), (1, 500));
        (3..60).for_each(|n| soak.name(leg(n, 1_000), 1_000));
        assert_eq!((soak.ids.len(), soak.unnamed), (50, 500 + 8_000));
    }
}
