//! Whether an execution rests on weak memory.

use racehunt_core::interleaving::{Interleaving, Step};
use std::collections::BTreeMap;

/// True if a load is seen to have read another value than the last one stored before it: no order of the threads' steps
/// alone explains such an execution, and one that does is the better one to show, and the safer (loom takes a `SeqCst`
/// access for less than it is).
///
/// What a read-modify-write left behind is not recorded, so a stale load after one can be missed.
pub(super) fn reads_stale(shown: &Interleaving) -> bool {
    let mut last: BTreeMap<u32, u64> = BTreeMap::new();
    shown.setup.iter().chain(&shown.steps).chain(&shown.drain).any(|Step { kind, object_id, value, .. }| {
        match (kind.as_str(), value) {
            ("store", Some(value)) => {
                last.insert(*object_id, *value);
            }
            ("load", Some(value)) => return *last.entry(*object_id).or_insert(*value) != *value,
            ("store" | "rmw", _) => {
                last.remove(object_id);
            }
            _ => {}
        }
        false
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stale(steps: &[(&str, u32, u64)]) -> bool {
        let step = |(kind, object_id, value): &(&str, u32, u64)| Step {
            actor: 1,
            kind: (*kind).to_owned(),
            label: String::new(),
            object: String::new(),
            object_id: *object_id,
            value: Some(*value),
            site: String::new(),
        };
        reads_stale(&Interleaving { steps: steps.iter().map(step).collect(), ..Interleaving::default() })
    }

    #[test]
    fn a_load_reads_the_last_store_or_is_stale() {
        assert!(!stale(&[("load", 1, 0), ("store", 1, 5), ("store", 2, 6), ("load", 1, 5), ("load", 2, 6)]));
        assert!(stale(&[("store", 1, 5), ("load", 1, 0)]));
        assert!(stale(&[("load", 1, 0), ("store", 2, 1), ("load", 1, 3)]), "nobody stored 3");
        assert!(!stale(&[("store", 1, 5), ("rmw", 1, 5), ("load", 1, 6)]), "what the rmw left is not known");
    }
}
