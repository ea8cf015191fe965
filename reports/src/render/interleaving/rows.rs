//! What both views show, and in which order: the steps folded, the switches, the waits that never end, and in words
//! what is marked.

use crate::words::{clean, counted};
use racehunt_core::interleaving::{Fold, Hold, Interleaving, Race, Step, Waited};

/// One row of a view, from the top.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Row {
    /// A step, or what `times` equal ones have in common.
    Step {
        /// Its index.
        at: usize,
        /// Steps that the row stands for.
        times: usize,
    },
    /// The rows of the fold's first repetition stand above; this stands for all the others.
    Again(Fold),
    /// Another actor goes on with the step at this index.
    Switch {
        /// Index of that step.
        to: usize,
        /// True if the one before could have gone on.
        preempts: bool,
    },
    /// The wait of that number never ended.
    Stuck(usize),
}

impl Row {
    /// Index of the step at which the row stands, for what lasts over several of them.
    pub(crate) fn at(self, shown: &Interleaving) -> usize {
        match self {
            Self::Step { at, .. } => at,
            Self::Again(fold) => fold.end() - 1,
            Self::Switch { to, .. } => to,
            Self::Stuck(_) => shown.steps.len(),
        }
    }
}

/// The rows, from the top.
pub(crate) fn rows(shown: &Interleaving) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut folds = shown.folds.iter().filter(|f| f.len > 0 && f.times > 1 && f.end() <= shown.steps.len()).peekable();
    let mut at = 0;
    while at < shown.steps.len() {
        let fold = folds.next_if(|f| f.from == at).copied();
        let len = fold.map_or(1, |f| f.len);
        for i in at..at + len {
            if i > 0 && shown.steps[i - 1].actor != shown.steps[i].actor {
                rows.push(Row::Switch { to: i, preempts: shown.preempted.contains(&(i - 1)) });
            }
            let times = fold.filter(|f| f.len == 1).map_or(1, |f| f.times);
            rows.push(Row::Step { at: i, times });
        }
        rows.extend(fold.filter(|f| f.len > 1).map(Row::Again));
        at = fold.map_or(at + 1, |f| f.end());
        // One that lies about its place is left out.
        while folds.next_if(|f| f.from < at).is_some() {}
    }
    rows.extend((0..shown.waits.len()).filter(|w| shown.waits[*w].to.is_none()).map(Row::Stuck));
    rows
}

/// The actors that do something or are stuck, by number. One that never ran a step would only take room.
pub(crate) fn actors(shown: &Interleaving) -> Vec<u32> {
    let stuck = shown.waits.iter().filter(|w| w.to.is_none()).map(|w| w.actor);
    let mut actors: Vec<u32> = shown.steps.iter().map(|step| step.actor).chain(stuck).collect();
    actors.sort_unstable();
    actors.dedup();
    actors
}

/// The actor's name.
pub(crate) fn actor(shown: &Interleaving, number: u32) -> String {
    shown.actors.get(number as usize).map_or_else(|| format!("actor {number}"), |name| clean(name))
}

/// The object's name; empty for none.
pub(crate) fn object(shown: &Interleaving, id: u32, text: &str) -> String {
    match shown.objects.iter().find(|named| named.id == id && id != 0) {
        Some(named) => clean(&named.name),
        None if id == 0 => clean(text),
        None => format!("#{id} {}", clean(text)).trim_end().to_owned(),
    }
}

/// What a step does, in its own words.
pub(crate) fn what(step: &Step) -> String {
    clean(if step.label.is_empty() { &step.kind } else { &step.label })
}

/// The same with the value.
pub(crate) fn what_and_value(step: &Step) -> String {
    let text = what(step);
    let Some(value) = step.value.filter(|_| !step.is_note() && shows_value(&step.kind)) else { return text };
    let writes = ["store", "write", "set", "insert", "send"].iter().any(|kind| step.kind.contains(kind));
    format!("{text} {} {value}", if writes { '←' } else { '→' })
}

/// The value of a start is a number that nobody gave.
fn shows_value(kind: &str) -> bool {
    kind != "spawn"
}

/// The last part of a place.
pub(crate) fn short(site: &str) -> String {
    clean(site.rsplit('/').next().unwrap_or(site))
}

/// Whom the wait is for: ` for E`, or nothing.
pub(crate) fn for_whom(shown: &Interleaving, wait: &Waited) -> String {
    let on: Vec<String> = wait.on.iter().map(|number| actor(shown, *number)).collect();
    if on.is_empty() { String::new() } else { format!(" for {}", on.join(" and ")) }
}

/// What is marked, a sentence each: the races, then the waits that never end.
pub(crate) fn sentences(shown: &Interleaving) -> Vec<String> {
    let races = shown.racing.iter().filter_map(|race| tell(shown, race)).map(|text| format!("◆ {text}"));
    let stuck = shown.waits.iter().filter(|w| w.to.is_none()).map(|w| format!("✗ {}", tell_stuck(shown, w)));
    races.chain(stuck).collect()
}

fn tell(shown: &Interleaving, race: &Race) -> Option<String> {
    let step = |at: usize| shown.steps.get(at);
    let (opens, first, second) = (step(race.opens)?, step(race.first)?, step(race.second)?);
    let (me, other) = (actor(shown, second.actor), actor(shown, first.actor));
    let of = object(shown, race.object_id, &second.object);
    let pair = format!("steps {} and {} race for {of}", race.first + 1, race.second + 1);
    let mine = format!("{me}'s `{}` ({}) and `{}` ({})", what(opens), race.opens + 1, what(second), race.second + 1);
    let came = if race.is_simple() {
        format!("{other}'s `{}` came between {mine}", what(first))
    } else {
        let entered = step(race.entered)?;
        let theirs = format!("`{}` ({}) and `{}` ({})", what(entered), race.entered + 1, what(first), race.first + 1);
        let theirs =
            if race.entered <= race.first { theirs } else { format!("`{}` ({})", what(first), race.first + 1) };
        format!("{other}'s {theirs} came between {mine}")
    };
    Some(format!("{pair}: {came}"))
}

fn tell_stuck(shown: &Interleaving, wait: &Waited) -> String {
    let who = actor(shown, wait.actor);
    let on: Vec<String> = wait.on.iter().map(|number| actor(shown, *number)).collect();
    let object = object(shown, wait.object_id, &wait.object);
    let open = |h: &&Hold| h.object_id == wait.object_id && h.to.is_none() && wait.on.contains(&h.actor);
    let since = shown.holds.iter().rfind(open).map(|h| format!(" since step {}", h.from + 1));
    match (on.as_slice(), since) {
        ([], _) => format!("{who} waits for ever: {} {object}", clean(&wait.kind)).trim_end().to_owned(),
        (on, Some(since)) => {
            format!("{who} waits for ever to {} {object}, held by {}{since}", clean(&wait.kind), on.join(" and "))
        }
        (on, None) => format!("{who} waits for ever to {} {}", clean(&wait.kind), on.join(" and ")),
    }
}

/// How many steps there are, before, in it, and after.
pub(crate) fn counts(shown: &Interleaving) -> String {
    let switches = counted(u64::from(shown.switches), "context switch").replace("switchs", "switches");
    format!("{}, {switches}", counted(shown.steps.len() as u64, "step"))
}
