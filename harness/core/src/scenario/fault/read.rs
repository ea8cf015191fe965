//! The reading of faults, and the rules between them and the rest of the scenario.

use super::{Fault, StressFault};
use crate::scenario::chance::Chance;
use crate::scenario::nearest::suggest;
use crate::scenario::text::{one_of, quoted};
use crate::scenario::walk::{Node, Section};
use crate::scenario::workload::Workload;

/// What a fault is held against.
#[derive(Clone, Copy)]
pub(in crate::scenario) struct Around<'a> {
    /// What the actors do, if that could be read.
    pub(in crate::scenario) workload: Option<&'a Workload>,
    /// True if real processes are hammered too.
    pub(in crate::scenario) stress: bool,
    /// True if the subject is a command.
    pub(in crate::scenario) command: bool,
}

#[derive(Clone, Copy)]
enum Kind {
    Kill,
    Io,
    Pause,
}

impl Fault {
    /// Reads all of `[[fault]]`.
    pub(in crate::scenario) fn read_all(node: &Node<'_>, around: Around<'_>) -> Option<Vec<Self>> {
        if around.command {
            node.fail_key(
                "`fault` cannot stand beside `subject.command`",
                "leave it out: what goes wrong in a command is said by `subject.params`",
            );
        }
        let faults = node.each("a list of tables (`[[fault]]`)", |node| Self::read(node, around))?;
        let killed = |fault: &Self| match fault {
            Self::Kill { process, .. } => Some(process.clone()),
            Self::Io { .. } => None,
        };
        let kills: Vec<String> = faults.iter().filter_map(killed).collect();
        if let Some(twice) = kills.iter().enumerate().find(|(i, process)| kills[..*i].contains(process)) {
            node.fail_key(format!("the process {} is killed twice", quoted(twice.1)), "keep one: it dies once");
            return None;
        }
        Some(faults)
    }

    fn read(node: &Node<'_>, around: Around<'_>) -> Option<Self> {
        let mut section = node.section()?;
        let kind = read_kind(&mut section, &[("kill", Kind::Kill), ("io", Kind::Io)])?;
        let fault = match kind {
            Kind::Io => read_io(&mut section),
            Kind::Kill | Kind::Pause => read_kill(&mut section, around),
        };
        section.finish();
        fault
    }
}

impl StressFault {
    /// Reads one of `stress.faults`.
    pub(in crate::scenario) fn read(node: &Node<'_>) -> Option<Self> {
        let mut section = node.section()?;
        let kind = read_kind(&mut section, &[("kill", Kind::Kill), ("pause", Kind::Pause)])?;
        let fault = match kind {
            Kind::Pause => section.require("chance", "chance = 0.1", read_chance).map(|chance| Self::Pause { chance }),
            Kind::Kill | Kind::Io => read_random_kill(&mut section),
        };
        section.finish();
        fault
    }
}

/// Of an unknown kind nothing else is looked at: which keys it has is a guess.
fn read_kind(section: &mut Section<'_>, kinds: &[(&str, Kind)]) -> Option<Kind> {
    let example = format!("kind = \"{}\"", kinds[0].0);
    section
        .require("kind", &example, |node| node.parsed("a kind of fault", |text| one_of(text, "kind of fault", kinds)))
}

fn read_kill(section: &mut Section<'_>, around: Around<'_>) -> Option<Fault> {
    let process = section.require("process", "process = \"P\"", |node| read_process(node, around.workload));
    let unsynced = section.get("unsynced", |node| {
        let unsynced: super::Unsynced = node.element()?;
        if around.stress && unsynced != super::Unsynced::Kept {
            node.fail(
                format!("`unsynced` cannot be {} beside `[stress]`", quoted(&unsynced.to_string())),
                "on real processes data survives a kill: give the models a file of their own",
            );
            return None;
        }
        Some(unsynced)
    });
    if section.has("unsynced") && unsynced.is_none() {
        return None;
    }
    Some(Fault::Kill { process: process?, unsynced: unsynced.unwrap_or_default() })
}

fn read_process(node: &Node<'_>, workload: Option<&Workload>) -> Option<String> {
    let process = node.string("a process's name such as \"P\"")?;
    let names = match workload {
        None => return Some(process),
        Some(Workload::Mix(_)) => {
            node.fail(
                format!("there is no process {}: the workload is a mix", quoted(&process)),
                "actors name processes: `actors = [{ name = \"A\", process = \"P\", ops = [\"flush\"] }]`",
            );
            return None;
        }
        Some(workload) => workload.process_names(),
    };
    if names.contains(&process.as_str()) {
        return Some(process);
    }
    let help = if names.is_empty() { "give an actor `process = \"P\"`".to_owned() } else { suggest(&process, &names) };
    node.fail(format!("no actor names the process {}", quoted(&process)), help);
    None
}

fn read_io(section: &mut Section<'_>) -> Option<Fault> {
    let call = section.require("call", "call = \"unlink\"", Node::element);
    let error = section.require("error", "error = \"EIO\"", Node::element);
    let nth = section.get("nth", |node| node.count(1..=i64::MAX as u64));
    let chance = section.get("chance", read_chance);
    one_of_two(section, "nth", "chance", "add `nth = 1` or `chance = 0.05`");
    if section.has("nth") == section.has("chance") || (nth.is_none() && chance.is_none()) {
        return None;
    }
    Some(Fault::Io { call: call?, error: error?, nth, chance })
}

fn read_random_kill(section: &mut Section<'_>) -> Option<StressFault> {
    let every = section.get("every", Node::element);
    let call = section.get("call", Node::element);
    let chance = section.get("chance", read_chance);
    one_of_two(section, "every", "call", "add `every = \"200ms\"`, or `call = \"write\"` and `chance = 0.01`");
    match (section.has("call"), section.has("chance")) {
        (true, false) => {
            section.fail(format!("missing key `chance`{} with `call`", section.of()), "add `chance = 0.01`");
            return None;
        }
        (false, true) => {
            section.forbid("chance", "needs `call`", "leave it out, or add `call = \"write\"`");
            return None;
        }
        (true, true) if call.is_none() || chance.is_none() => return None,
        _ => {}
    }
    (every.is_some() != call.is_some()).then_some(StressFault::Kill { every, call, chance })
}

/// Complains unless exactly one of two keys is there.
fn one_of_two(section: &mut Section<'_>, one: &'static str, other: &'static str, help: &str) {
    match (section.has(one), section.has(other)) {
        (true, true) => section.forbid(other, &format!("cannot stand beside `{one}`"), "keep one of the two"),
        (false, false) => section.fail(format!("missing key `{one}` or `{other}`{}", section.of()), help),
        _ => {}
    }
}

fn read_chance(node: &Node<'_>) -> Option<Chance> {
    let chance = Chance::read(node)?;
    if chance == Chance::default() {
        node.fail("a fault with a chance of 0 never happens", "above 0, or leave the fault out");
        return None;
    }
    Some(chance)
}
