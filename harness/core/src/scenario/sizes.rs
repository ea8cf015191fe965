//! How many actors and ops: the rules that several engines share.

use super::sweep::Sweep;
use super::walk::{Node, Section};
use super::workload::Workload;

/// Threads of an engine that runs real threads: at least one for each actor of the workload.
pub(super) fn real_threads(section: &mut Section<'_>, workload: Option<&Workload>) -> Option<Sweep<usize>> {
    let actors = workload.and_then(Workload::actors);
    if actors.is_some_and(|actors| actors > 256) {
        section.fail("more than 256 actors", "an engine of real threads has room for 256");
    }
    if !section.has("threads") {
        section.know("threads");
        return Some(Sweep::one(actors.unwrap_or(2)));
    }
    section.get("threads", |node| {
        node.sweep(|node| {
            let threads = node.size(1..=256)?;
            if let Some(actors) = actors.filter(|actors| *actors > threads) {
                too_few(node, threads, actors);
                return None;
            }
            Some(threads)
        })
    })
}

fn too_few(node: &Node<'_>, threads: usize, actors: usize) {
    node.fail(
        format!("{threads} threads are too few for {actors} actors"),
        format!("at least {actors}: thread i runs actor i, and those beyond start again with the first"),
    );
}

/// Sizes of a model engine: said by the actors, or else by the section.
pub(super) fn model_sizes(
    section: &mut Section<'_>,
    workload: Option<&Workload>,
    most: u64,
    default: (usize, usize),
) -> (Option<usize>, Option<usize>) {
    let Some(actors) = workload.and_then(Workload::actors) else {
        let threads = section.get("threads", |node| node.size(1..=most)).unwrap_or(default.0);
        let ops = ops_per_thread(section).unwrap_or(default.1);
        return (Some(threads), Some(ops));
    };
    if actors as u64 > most {
        section.fail(format!("{actors} actors are too many here"), format!("at most {most}"));
    }
    section.forbid("threads", "cannot stand beside `workload.actors`", "leave it out: the actors say it");
    forbid_ops(section);
    (None, None)
}

/// Reads `ops_per_thread` for a mix.
pub(super) fn ops_per_thread(section: &mut Section<'_>) -> Option<usize> {
    section.get("ops_per_thread", |node| node.size(1..=10_000))
}

/// Complains about `ops_per_thread` beside actors.
pub(super) fn forbid_ops(section: &mut Section<'_>) {
    section.forbid("ops_per_thread", "cannot stand beside `workload.actors`", "leave it out: the actors say it");
}
