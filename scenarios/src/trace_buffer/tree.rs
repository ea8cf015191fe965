//! The directory under a model: how it is set up, and what is seen of it at every step.

use super::plan::Plan;
use super::shelf::Sightings;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// Sets the modelled file system up for an execution.
pub(super) fn begin(plan: &Plan) {
    let _ = plan;
}

/// Has every step looked at that changes the directory.
pub(super) fn watch(plan: &Plan, dir: &Path, seen: &Arc<Mutex<Sightings>>) {
    let _ = (plan, dir, seen);
}

/// A moment before all that the actors do. On real threads there is only one.
pub(super) fn moment(plan: &Plan) -> u64 {
    #[cfg(feature = "hunt")]
    if plan.model {
        return racehunt_sync::hook::tick();
    }
    let _ = plan;
    0
}
