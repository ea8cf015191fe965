//! Where in the source a finding is, as far as that is known.
//!
//! A step's place is what the compiler calls the file: relative to the folder in which it ran, which for the members of a
//! workspace is the workspace's root, and absolute for all others. A report does not say where that folder is.

use super::document::{Artifact, Physical, Region};
use crate::distinct::Distinct;
use crate::render::interleaving::rows;
use crate::words::clean;
use racehunt_core::interleaving::Interleaving;
use std::fmt::Write as _;

/// A place and what is there.
pub(super) struct Where {
    /// `path:line`; empty if it is not known.
    site: String,
    /// Relative paths are from here.
    base: &'static str,
    pub(super) said: String,
}

/// A finding's place, and those of what else takes part.
pub(super) struct Places {
    pub(super) main: Where,
    pub(super) related: Vec<Where>,
}

const SOURCE: &str = "SOURCE";
const RUN: &str = "RUN";

/// The place of the second step of the racing pair; else of the first wait that never ends, else of the last step; of real
/// threads, whose steps nobody knows, the scenario's.
pub(super) fn of(one: &Distinct<'_>) -> Places {
    let known = one.steps().and_then(|shown| raced(shown).or_else(|| stuck(shown)).or_else(|| last(shown)));
    let known = known.filter(|places| places.main.physical().is_some());
    known.unwrap_or_else(|| {
        let said = "no line of the source is known; this is the scenario that showed it".to_owned();
        Places { main: Where { site: format!("{}:1", one.scenario.file), base: RUN, said }, related: Vec::new() }
    })
}

fn raced(shown: &Interleaving) -> Option<Places> {
    let race = shown.racing.iter().find(|race| {
        shown.steps.get(race.second).is_some_and(|step| !step.site.is_empty()) && race.first < shown.steps.len()
    })?;
    // In the order in which they are to stand for the finding.
    let mut steps = vec![("second of the racing pair", race.second), ("opens the window", race.opens)];
    if !race.is_simple() {
        steps.push(("comes in between", race.entered));
    }
    steps.push(("first of the racing pair", race.first));
    let there = steps.into_iter().filter(|(_, at)| *at < shown.steps.len());
    let mut all: Vec<Where> = there
        .map(|(role, at)| {
            let place = step(shown, at);
            Where { said: format!("{role}: {}", place.said), ..place }
        })
        .filter(|place| place.physical().is_some())
        .collect();
    // A line of the standard library, or of another's crate, is none that its reader can change.
    let main = all.iter().position(|place| !place.site.starts_with('/')).unwrap_or(0);
    let main = (!all.is_empty()).then(|| all.remove(main))?;
    all.extend(made(shown, race.object_id));
    Some(Places { main, related: all })
}

fn stuck(shown: &Interleaving) -> Option<Places> {
    let waits = shown.waits.iter().filter(|wait| wait.to.is_none() && !wait.site.is_empty());
    let mut all: Vec<Where> = waits
        .map(|wait| {
            let (who, object) = (rows::actor(shown, wait.actor), rows::object(shown, wait.object_id, &wait.object));
            let said = format!("{who} waits for ever: {} {object}{}", clean(&wait.kind), rows::for_whom(shown, wait));
            Where { site: wait.site.clone(), base: SOURCE, said }
        })
        .collect();
    if all.is_empty() {
        return None;
    }
    let main = all.remove(0);
    all.extend(shown.waits.iter().filter(|wait| wait.to.is_none()).filter_map(|wait| made(shown, wait.object_id)));
    Some(Places { main, related: all })
}

fn last(shown: &Interleaving) -> Option<Places> {
    let at = shown.steps.iter().rposition(|step| !step.is_note() && !step.site.is_empty())?;
    let mut main = step(shown, at);
    main.said = format!("the last step: {}", main.said);
    Some(Places { main, related: Vec::new() })
}

/// Where the object was made.
fn made(shown: &Interleaving, id: u32) -> Option<Where> {
    let object = shown.objects.iter().find(|object| object.id == id && !object.made.is_empty())?;
    Some(Where { site: object.made.clone(), base: SOURCE, said: format!("{} is made", clean(&object.name)) })
}

/// Step number `at`, which is there.
pub(super) fn step(shown: &Interleaving, at: usize) -> Where {
    let one = &shown.steps[at];
    let object = rows::object(shown, one.object_id, &one.object);
    let of = if object.is_empty() { String::new() } else { format!(" of {object}") };
    let said = format!("step {}, {}: {}{of}", at + 1, rows::actor(shown, one.actor), rows::what_and_value(one));
    Where { site: one.site.clone(), base: SOURCE, said }
}

impl Where {
    /// `None` where no line is known.
    pub(super) fn physical(&self) -> Option<Physical> {
        let (file, line) = self.site.rsplit_once(':')?;
        let start_line = line.parse().ok().filter(|line| *line > 0)?;
        let uri = escape(file);
        let absolute = file.starts_with('/');
        let artifact_location = Artifact {
            uri: if absolute { format!("file://{uri}") } else { uri },
            uri_base_id: (!absolute).then_some(self.base),
        };
        Some(Physical { artifact_location, region: Region { start_line } })
    }
}

/// A path as an address has it.
fn escape(path: &str) -> String {
    let mut out = String::new();
    for byte in path.strip_prefix("./").unwrap_or(path).bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/+@".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}
