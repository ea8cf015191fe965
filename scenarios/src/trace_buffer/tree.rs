//! The directory under a model: how it is set up, and what is seen of it at every step.

use super::plan::Plan;
use super::shelf::Sightings;
use std::path::Path;
use std::sync::{Arc, Mutex};

#[cfg(feature = "hunt")]
mod modelled {
    use super::super::plan::Plan;
    use super::super::shelf::{Sightings, Standing, standing};
    use racehunt_sync::fs::model;
    use std::path::Path;
    use std::sync::{Arc, Mutex, PoisonError};

    pub(super) fn begin(plan: &Plan) {
        model::set_chunk(plan.knobs.chunk);
        model::set_tick(plan.knobs.tick);
    }

    pub(super) fn watch(plan: &Plan, dir: &Path, seen: &Arc<Mutex<Sightings>>) {
        let (dir, seen, parse) = (dir.to_owned(), Arc::clone(seen), plan.knobs.parse_always);
        model::watch(move |tree| {
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            let (mut count, changed) = (0, tree.changed());
            for (name, bytes) in tree.files(&dir) {
                let Some(name) = name.to_str().filter(|name| standing(name) == Standing::Visible) else { continue };
                count += 1;
                if parse && changed.file_name().is_some_and(|changed| changed == name) {
                    seen.held(name, bytes);
                }
            }
            seen.counted(count);
        });
    }
}

/// Sets the modelled file system up for an execution.
pub(super) fn begin(plan: &Plan) {
    #[cfg(feature = "hunt")]
    if plan.model {
        modelled::begin(plan);
    }
    let _ = plan;
}

/// Has every step looked at that changes the directory.
pub(super) fn watch(plan: &Plan, dir: &Path, seen: &Arc<Mutex<Sightings>>) {
    #[cfg(feature = "hunt")]
    if plan.model {
        modelled::watch(plan, dir, seen);
    }
    let _ = (plan, dir, seen);
}

/// Names and contents of all files, without a step and without a fault that was put in the way of the buffer.
pub(super) fn contents(plan: &Plan, dir: &Path) -> Vec<(String, Vec<u8>)> {
    #[cfg(feature = "hunt")]
    if plan.model {
        let files = racehunt_sync::fs::model::peek(dir).into_iter();
        return files.filter_map(|(path, bytes)| Some((path.file_name()?.to_str()?.to_owned(), bytes))).collect();
    }
    let _ = plan;
    let Ok(entries) = std::fs::read_dir(dir) else { return Vec::new() };
    let file = |entry: std::io::Result<std::fs::DirEntry>| {
        let entry = entry.ok()?;
        Some((entry.file_name().into_string().ok()?, std::fs::read(entry.path()).ok()?))
    };
    entries.filter_map(file).collect()
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
