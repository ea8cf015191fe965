//! How many actors and ops: the rules that several engines share.

use super::sweep::Sweep;
use super::walk::{Node, Section};
use super::workload::Workload;

/// Threads of one process with room for each actor of the workload.
pub(super) fn real_threads(section: &mut Section<'_>, workload: Option<&Workload>) -> Option<Sweep<usize>> {
    let actors = workload.and_then(Workload::actors);
    few_enough(section, actors);
    let default = actors.unwrap_or(2);
    threads(section, default, actors.unwrap_or(1), |threads, least| TooFew {
        message: format!("{threads} threads are too few for {least} actors"),
        help: format!("at least {least}: thread i runs actor i, and those beyond start again with the first"),
    })
}

/// Processes, and the threads of each, with room for each actor of the workload.
pub(super) fn processes_and_threads(
    section: &mut Section<'_>,
    workload: Option<&Workload>,
) -> (Sweep<usize>, Option<Sweep<usize>>) {
    let sizes = workload.and_then(Workload::process_sizes);
    let named = sizes.as_ref().map(Vec::len);
    let read = |node: &Node<'_>| {
        let processes = node.size(1..=64)?;
        if let Some(named) = named.filter(|named| *named != processes) {
            node.fail(
                format!("{processes} is not the number of processes that the actors name"),
                format!("leave it out: it is {named}"),
            );
            return None;
        }
        Some(processes)
    };
    let given = section.get("processes", |node| node.sweep(read));
    if !section.has("processes") && named.is_some_and(|named| named > 64) {
        section.fail("more than 64 processes", "an engine of real processes has room for 64");
    }
    let processes = given.unwrap_or(Sweep::one(named.unwrap_or(1)));
    let fewest = processes.values().iter().copied().min().unwrap_or(1);
    let threads = match (sizes, fewest) {
        (Some(sizes), _) => {
            let largest = sizes.into_iter().max().unwrap_or(1);
            few_enough(section, Some(largest));
            threads(section, largest, largest, |threads, least| TooFew {
                message: format!("{threads} threads are too few for {least} actors of one process"),
                help: format!("at least {least}: each process runs its own actors"),
            })
        }
        (None, 1) => real_threads(section, workload),
        (None, _) => {
            let actors = workload.and_then(Workload::actors);
            few_enough(section, actors);
            threads(section, actors.unwrap_or(2), actors.unwrap_or(1).div_ceil(fewest), |threads, least| TooFew {
                message: format!("{threads} threads in each of {fewest} processes are too few for the actors"),
                help: format!("at least {least}: the threads of all processes run the actors in turn"),
            })
        }
    };
    (processes, threads)
}

fn few_enough(section: &Section<'_>, actors: Option<usize>) {
    if actors.is_some_and(|actors| actors > 256) {
        section.fail("more than 256 actors", "an engine of real threads has room for 256");
    }
}

/// What is said of a number of threads below the least.
struct TooFew {
    message: String,
    help: String,
}

fn threads(
    section: &mut Section<'_>,
    default: usize,
    least: usize,
    too_few: impl Fn(usize, usize) -> TooFew,
) -> Option<Sweep<usize>> {
    if !section.has("threads") {
        section.know("threads");
        return Some(Sweep::one(default));
    }
    section.get("threads", |node| {
        node.sweep(|node| {
            let threads = node.size(1..=256)?;
            if threads < least {
                let TooFew { message, help } = too_few(threads, least);
                node.fail(message, help);
                return None;
            }
            Some(threads)
        })
    })
}

/// Sizes of a model engine: said by the actors, or else by the section. Each kill is one more actor of the model.
pub(super) fn model_sizes(
    section: &mut Section<'_>,
    workload: Option<&Workload>,
    kills: usize,
    most: u64,
    default: (usize, usize),
) -> (Option<usize>, Option<usize>) {
    let Some(actors) = workload.and_then(Workload::actors) else {
        let threads = section.get("threads", |node| node.size(1..=most)).unwrap_or(default.0);
        let ops = ops_per_thread(section).unwrap_or(default.1);
        return (Some(threads), Some(ops));
    };
    let room = usize::try_from(most).unwrap_or(usize::MAX);
    match (actors.saturating_add(kills) > room, kills) {
        (false, _) => {}
        (true, 0) => section.fail(format!("{actors} actors are too many here"), format!("at most {most}")),
        (true, _) => section.fail(
            format!("{actors} actors and {kills} to kill processes are too many here"),
            format!("at most {most} in all: each `[[fault]]` of the kind `kill` is one more actor of the model"),
        ),
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
