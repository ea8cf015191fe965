//! Objects by name.

use super::{Named, Step, Waited};
use std::collections::BTreeMap;

/// Every object of the steps and waits, by number. A name is what stands before the place in the object's description;
/// of several objects with one such name each has its number behind it.
pub(super) fn objects(steps: &[Step], waits: &[Waited]) -> Vec<Named> {
    let of_steps = steps.iter().map(|s| (s.object_id, s.object.as_str()));
    let of_waits = waits.iter().map(|w| (w.object_id, w.object.as_str()));
    let all: BTreeMap<u32, (&str, &str)> =
        of_steps.chain(of_waits).filter(|(id, _)| *id != 0).map(|(id, text)| (id, parts(text))).collect();
    let name = |(id, (name, made)): (&u32, &(&str, &str))| {
        let alone = all.values().filter(|other| other.0 == *name).count() == 1;
        let name = if alone { (*name).to_owned() } else { format!("{name}#{id}") };
        Named { id: *id, name, made: (*made).to_owned() }
    };
    all.iter().map(name).collect()
}

/// `Mutex (locked.rs:31)` as `Mutex` and `locked.rs:31`.
fn parts(object: &str) -> (&str, &str) {
    let place = object.strip_suffix(')').and_then(|rest| rest.rsplit_once(" ("));
    place.unwrap_or((object, ""))
}
