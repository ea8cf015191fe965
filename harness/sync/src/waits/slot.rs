//! A slot for each thread: its name, and what it waits for.

use std::cell::{Cell, OnceCell};
use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicI32, AtomicU32, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::ThreadNo;
use super::held::{Held, Info, Reads, Shared};
use crate::hook::{Kind, Object, Site};

/// What a wait is for. It borrows what it names.
#[derive(Clone, Copy, Debug)]
pub(crate) enum On<'a> {
    /// A moment, or a token.
    Nothing,
    /// Something that others do to an object; who is not known.
    Object(Object),
    /// A mutex.
    Lock(&'a Info),
    /// An rwlock, to read.
    Read(&'a Shared),
    /// An rwlock, to write.
    Write(&'a Shared),
    /// A condvar, and then its mutex.
    Condvar(Object, &'a Info),
    /// The end of an initialisation.
    Init(Object, &'a Held),
    /// The end of threads.
    Threads(&'a [Child]),
}

/// A thread that another one started, and where.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Child {
    pub(crate) thread: ThreadNo,
    pub(crate) site: Site,
}

/// A wait that is going on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wait {
    pub(super) kind: Kind,
    pub(super) on: On<'static>,
    pub(super) site: Site,
    pub(super) since: Instant,
    pub(super) timed: bool,
}

/// What a thread's slot says of its waits.
#[derive(Debug, Default)]
pub(super) struct Waits {
    /// Waits that began.
    pub(super) number: u64,
    pub(super) now: Option<Wait>,
}

#[derive(Debug)]
pub(super) struct Slot {
    pub(super) thread: ThreadNo,
    /// 0: none.
    pub(super) group: AtomicU64,
    /// Number of the actor plus one; 0 for none.
    pub(super) actor: AtomicUsize,
    pub(super) name: Mutex<String>,
    /// The kernel's number.
    pub(super) task: AtomicI32,
    pub(super) waits: Mutex<Waits>,
    pub(super) reads: Reads,
}

/// The slots of all threads that live.
static SLOTS: Mutex<BTreeMap<ThreadNo, Arc<Slot>>> = Mutex::new(BTreeMap::new());

/// Takes the slot out of the table when the thread ends.
struct Here(Arc<Slot>);

impl Drop for Here {
    fn drop(&mut self) {
        locked(&SLOTS).remove(&self.0.thread);
    }
}

thread_local! {
    /// Apart from the slot, for it has no destructor and so costs one read.
    static ME: Cell<ThreadNo> = const { Cell::new(0) };
    static HERE: OnceCell<Here> = const { OnceCell::new() };
}

pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The slots of the threads that live now.
pub(super) fn all() -> Vec<Arc<Slot>> {
    locked(&SLOTS).values().cloned().collect()
}

/// The calling thread's number.
#[inline]
pub(crate) fn me() -> ThreadNo {
    match ME.get() {
        0 => stranger(),
        me => me,
    }
}

/// A thread that neither the facade nor an engine started uses the facade for the first time.
#[cold]
#[inline(never)]
fn stranger() -> ThreadNo {
    let slot = Slot::new(0, std::thread::current().name().unwrap_or_default());
    let thread = slot.thread;
    begin(slot);
    thread
}

impl Slot {
    fn new(group: u64, name: &str) -> Arc<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let thread = NEXT.fetch_add(1, Relaxed);
        let name = if name.is_empty() { format!("thread-{thread}") } else { name.to_owned() };
        Arc::new(Self {
            thread,
            group: AtomicU64::new(group),
            actor: AtomicUsize::new(0),
            name: Mutex::new(name),
            task: AtomicI32::new(0),
            waits: Mutex::default(),
            reads: Reads::default(),
        })
    }
}

/// The slot is the calling thread's from now on.
fn begin(slot: Arc<Slot>) {
    ME.set(slot.thread);
    slot.task.store(my_task(), Relaxed);
    let _ = HERE.try_with(|here| {
        // At the end of the thread there is no place for it any more, and nobody to take it out of the table.
        locked(&SLOTS).insert(slot.thread, Arc::clone(&slot));
        let _ = here.set(Here(slot));
    });
}

pub(super) fn enter(group: u64, name: &str, actor: Option<usize>) {
    me();
    let _ = HERE.try_with(|here| {
        if let Some(Here(slot)) = here.get() {
            name.clone_into(&mut locked(&slot.name));
            slot.group.store(group, Relaxed);
            slot.actor.store(actor.map_or(0, |actor| actor + 1), Relaxed);
        }
    });
}

/// The slot of a thread that the calling one is about to start, in the same group.
pub(crate) fn child(name: &str, site: Site) -> (Child, impl FnOnce() + Send + use<>) {
    me();
    let group = HERE.try_with(|here| here.get().map(|Here(slot)| slot.group.load(Relaxed)));
    let slot = Slot::new(group.ok().flatten().unwrap_or_default(), name);
    (Child { thread: slot.thread, site }, move || begin(slot))
}

#[inline]
pub(super) fn with_reads(f: impl FnOnce(&Reads)) {
    me();
    let _ = HERE.try_with(|here| here.get().map(|Here(slot)| f(&slot.reads)));
}

/// Says that the calling thread waits for as long as `f` runs.
pub(crate) fn during<R>(kind: Kind, on: On<'_>, site: Site, timed: bool, f: impl FnOnce() -> R) -> R {
    let _announced = announce(kind, on, site, timed);
    f()
}

/// Says that the calling thread waits, until what it returns is dropped; that is never forgotten.
#[cold]
#[inline(never)]
pub(crate) fn announce<'a>(kind: Kind, on: On<'a>, site: Site, timed: bool) -> Announced<'a> {
    me();
    let _ = HERE.try_with(|here| {
        let Some(Here(slot)) = here.get() else { return };
        // SAFETY: lengthens the borrow, to put it into the slot. It is read under the slot's lock only, and what is
        // returned takes it out under that lock before the borrow ends: nobody in this crate forgets it.
        let on = unsafe { std::mem::transmute::<On<'a>, On<'static>>(on) };
        let mut waits = locked(&slot.waits);
        waits.number += 1;
        waits.now = Some(Wait { kind, on, site, since: Instant::now(), timed });
    });
    Announced(PhantomData)
}

/// A wait that others can see. Without size, so that it costs the way past it nothing.
pub(crate) struct Announced<'a>(PhantomData<On<'a>>);

impl Drop for Announced<'_> {
    fn drop(&mut self) {
        is_over();
    }
}

/// The calling thread waits no longer, though what it said to be waiting for goes on: it does that itself now.
#[cold]
#[inline(never)]
pub(crate) fn is_over() {
    let _ = HERE.try_with(|here| here.get().map(|Here(slot)| locked(&slot.waits).now = None));
}

/// The kernel's numbers of all threads of the process; `None` if it does not tell.
pub(super) fn tasks() -> Option<Vec<i32>> {
    let tasks = std::fs::read_dir("/proc/self/task").ok()?;
    tasks.map(|task| task.ok()?.file_name().to_str()?.parse().ok()).collect()
}

/// The kernel's number of the calling thread.
pub(super) fn my_task() -> i32 {
    // SAFETY: asks for a number and touches no memory.
    unsafe { libc::gettid() }
}
