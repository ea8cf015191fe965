//! One look at all slots.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use super::slot::{self, On, Slot, Wait, locked};
use super::{Holder, ThreadNo, Waiting};
use crate::hook::{Object, Site};

/// Who waits for what at one moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub(super) threads: Vec<Thread>,
    /// Threads of the process that have no slot and were not there before the group; `None` if that cannot be told.
    pub(super) strangers: Option<usize>,
}

/// One thread of a snapshot.
#[derive(Clone, Debug)]
pub(super) struct Thread {
    pub(super) actor: Option<usize>,
    pub(super) waiting: Option<Waiting>,
    /// It was at the same wait when all holders had been read.
    pub(super) steady: bool,
}

impl Snapshot {
    /// The threads that wait.
    pub fn waiting(&self) -> impl Iterator<Item = &Waiting> {
        self.threads.iter().filter_map(|thread| thread.waiting.as_ref())
    }
}

pub(super) fn look(group: u64, before: Option<&[i32]>) -> Snapshot {
    let slots = slot::all();
    let mine: Vec<&Arc<Slot>> = slots.iter().filter(|s| [0, group].contains(&s.group.load(Relaxed))).collect();
    let names = names(&mine);
    let mut reading = Vec::new();
    let mut threads: Vec<Thread> = mine
        .iter()
        .map(|slot| {
            let waits = locked(&slot.waits);
            // Under the lock of the slot what it waits for is there.
            let waiting = waits.now.as_ref().map(|wait| waiting(slot, waits.number, wait, &slots, &names));
            if let Some(wait) = &waits.now {
                reading.push(wait.on.rwlock());
            } else {
                reading.push(None);
            }
            let actor = slot.actor.load(Relaxed).checked_sub(1);
            Thread { actor, waiting, steady: false }
        })
        .collect();
    for (at, thread) in threads.iter_mut().enumerate() {
        let waits = locked(&mine[at].waits);
        let Some(waiting) = &mut thread.waiting else { continue };
        thread.steady = waits.now.is_some() && waits.number == waiting.number;
        // Readers keep a reader out only while a writer waits for them.
        if let Some((lock, false, false)) = reading[at]
            && !reading.contains(&Some((lock, true, false)))
        {
            waiting.holders.clear();
        }
    }
    Snapshot { threads, strangers: strangers(&slots, before) }
}

/// Threads of the process that are neither among `before` nor known.
fn strangers(slots: &[Arc<Slot>], before: Option<&[i32]>) -> Option<usize> {
    let (before, tasks, me) = (before?, slot::tasks()?, slot::my_task());
    let known =
        |task: &i32| *task == me || before.contains(task) || slots.iter().any(|s| s.task.load(Relaxed) == *task);
    Some(tasks.iter().filter(|task| !known(task)).count())
}

/// A name for each thread, no two alike.
fn names(slots: &[&Arc<Slot>]) -> BTreeMap<ThreadNo, String> {
    let mut often: BTreeMap<String, usize> = BTreeMap::new();
    for slot in slots {
        *often.entry(locked(&slot.name).clone()).or_default() += 1;
    }
    let name = |slot: &Slot| {
        let name = locked(&slot.name).clone();
        if often.get(&name).is_some_and(|n| *n > 1) { format!("{name} (thread {})", slot.thread) } else { name }
    };
    slots.iter().map(|slot| (slot.thread, name(slot))).collect()
}

fn waiting(slot: &Slot, number: u64, wait: &Wait, slots: &[Arc<Slot>], names: &BTreeMap<ThreadNo, String>) -> Waiting {
    let holders = wait.on.holders(slots).into_iter().map(|(thread, site)| {
        let other = || slots.iter().find(|s| s.thread == thread).map(|s| locked(&s.name).clone());
        let name = names.get(&thread).cloned().or_else(other).unwrap_or_else(|| "a thread that has ended".to_owned());
        Holder { thread, name, site }
    });
    Waiting {
        thread: slot.thread,
        name: names.get(&slot.thread).cloned().unwrap_or_default(),
        kind: wait.kind,
        object: wait.on.object(),
        site: wait.site,
        since: wait.since,
        timed: wait.timed,
        holders: holders.collect(),
        number,
        mutex: if let On::Condvar(_, mutex) = wait.on { Some(mutex_made(mutex.made)) } else { None },
    }
}

fn mutex_made(site: Site) -> Object {
    Object { type_name: "Mutex", site }
}

impl On<'_> {
    fn object(&self) -> Option<Object> {
        match self {
            On::Nothing | On::Threads(_) => None,
            On::Object(object) | On::Condvar(object, _) | On::Init(object, _) => Some(*object),
            On::Lock(mutex) => Some(mutex_made(mutex.made)),
            On::Read(lock) | On::Write(lock) => Some(Object { type_name: "RwLock", site: lock.writer.made }),
        }
    }

    /// The number of the rwlock; whether to write it; whether somebody writes it now.
    fn rwlock(&self) -> Option<(u64, bool, bool)> {
        match self {
            On::Read(lock) => Some((lock.number, false, lock.writer.held.holder().is_some())),
            On::Write(lock) => Some((lock.number, true, lock.writer.held.holder().is_some())),
            _ => None,
        }
    }

    /// Without whom the wait does not end.
    fn holders(&self, slots: &[Arc<Slot>]) -> Vec<(ThreadNo, Site)> {
        match self {
            On::Nothing | On::Object(_) => Vec::new(),
            On::Lock(mutex) | On::Condvar(_, mutex) => mutex.held.holder().into_iter().collect(),
            On::Init(_, running) => running.holder().into_iter().collect(),
            On::Read(lock) | On::Write(lock) => {
                let reader = |s: &Arc<Slot>| s.reads.site_of(lock.number).map(|site| (s.thread, site));
                match lock.writer.held.holder() {
                    Some(writer) => vec![writer],
                    None => slots.iter().filter_map(reader).collect(),
                }
            }
            On::Threads(threads) => {
                let lives = |c: &&super::Child| slots.iter().any(|s| s.thread == c.thread);
                threads.iter().filter(lives).map(|c| (c.thread, c.site)).collect()
            }
        }
    }
}
