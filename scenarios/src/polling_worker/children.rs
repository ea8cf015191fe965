//! Generations that are processes: each a child of this one.
//!
//! A child has no way to outlive its parent: its stdin ends with it, which one that runs hears, and the kernel kills it
//! for one that is stopped. That signal comes when the *thread* ends that started it, so all are started by one thread
//! that stays. Children are killed by the handle of whoever started them, and only before they are reaped.

use super::clock::Clock;
use super::monitor::Crew;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use racehunt_core::subject::Launch;
use std::collections::BTreeMap;
use std::io;
use std::process::{Child, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// What makes the arguments of a generation.
pub(super) type Arguments = Box<dyn Fn(u32) -> Vec<String> + Send>;

/// The processes of all generations.
#[derive(Debug)]
pub(super) struct Children {
    clock: Clock,
    /// `None` once it is over.
    orders: Mutex<Option<Sender<Order>>>,
    keeper: Option<JoinHandle<()>>,
    kids: Mutex<BTreeMap<u32, Kid>>,
}

/// A generation to be started, and whom to tell.
type Order = (u32, Sender<io::Result<Child>>);

#[derive(Debug)]
struct Kid {
    child: Child,
    span: Span,
    status: Option<ExitStatus>,
    /// True if it was killed by us.
    killed: bool,
}

/// When a process was there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// Its generation.
    pub(super) generation: u32,
    /// Before it was started, in nanoseconds.
    pub(super) from_ns: u64,
    /// After it was seen to be gone; `None` while it is there.
    pub(super) to_ns: Option<u64>,
}

impl Children {
    /// None yet.
    pub(super) fn new(launch: Launch, arguments: Arguments, clock: Clock) -> Self {
        let (orders, taken) = channel();
        let keeper = std::thread::spawn(move || keep(&launch, &arguments, &taken));
        Self { clock, orders: Mutex::new(Some(orders)), keeper: Some(keeper), kids: Mutex::default() }
    }

    fn kids(&self) -> MutexGuard<'_, BTreeMap<u32, Kid>> {
        self.kids.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn spawn(&self, generation: u32) -> io::Result<Child> {
        let gone = || io::Error::other("no more processes are started");
        let (tell, told) = channel();
        let orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        orders.as_ref().ok_or_else(gone)?.send((generation, tell)).map_err(|_| gone())?;
        told.recv().map_err(|_| gone())?
    }

    /// The latest generation that was started.
    pub(super) fn latest(&self) -> Option<u32> {
        self.kids().keys().next_back().copied()
    }

    /// True if the process of `generation` was started and is not gone.
    pub(super) fn is_there(&self, generation: u32) -> bool {
        self.kids().get_mut(&generation).is_some_and(|kid| kid.is_there(self.clock))
    }

    /// Sends a signal to the process of `generation`. False if it is gone, or there is none.
    pub(super) fn signal(&self, generation: u32, signal: Signal) -> bool {
        let mut kids = self.kids();
        let Some(kid) = kids.get_mut(&generation) else { return false };
        // Not reaped, so the number is still its own.
        kid.is_there(self.clock) && kill(kid.pid(), signal).is_ok()
    }

    /// Has all end by themselves. What is not gone after `patience` is killed. Returns how those ended that were not killed
    /// and not well.
    pub(super) fn drain(&self, patience: Duration) -> Vec<(u32, ExitStatus)> {
        self.ask(u32::MAX);
        self.gone_within(patience);
        self.end()
    }

    fn gone_within(&self, patience: Duration) {
        const EVERY: Duration = Duration::from_millis(2);
        let deadline = self.clock.now().saturating_add(patience.as_nanos() as u64);
        // Each is asked, so that each is reaped.
        while self.kids().values_mut().filter_map(|kid| kid.is_there(self.clock).then_some(())).count() > 0
            && self.clock.now() < deadline
        {
            std::thread::sleep(EVERY);
        }
    }

    /// Kills and reaps whoever is left.
    fn end(&self) -> Vec<(u32, ExitStatus)> {
        let mut kids = self.kids();
        for kid in kids.values_mut() {
            kid.kill(self.clock);
        }
        let unwell = |(generation, kid): (&u32, &Kid)| {
            let status = kid.status.filter(|status| !kid.killed && !status.success())?;
            Some((*generation, status))
        };
        kids.iter().filter_map(unwell).collect()
    }

    /// When each was there.
    pub(super) fn spans(&self) -> Vec<Span> {
        self.kids().values().map(|kid| kid.span).collect()
    }

    /// Kills the process of `generation` as an accident would: nobody is told. Returns the moment before, if it was there.
    pub(super) fn strike(&self, generation: u32) -> Option<u64> {
        let mut kids = self.kids();
        let kid = kids.get_mut(&generation)?;
        let from = self.clock.now();
        kid.is_there(self.clock).then(|| kid.kill(self.clock)).map(|()| from)
    }
}

impl Crew for Children {
    fn ask(&self, generation: u32) {
        for kid in self.kids().range_mut(..=generation).map(|(_, kid)| kid) {
            kid.child.stdin = None;
        }
    }

    fn kill(&self, generation: u32) {
        if let Some(kid) = self.kids().get_mut(&generation) {
            kid.kill(self.clock);
        }
    }

    fn start(&self, generation: u32) -> io::Result<()> {
        let span = Span { generation, from_ns: self.clock.now(), to_ns: None };
        if self.kids().contains_key(&generation) {
            return Err(io::Error::other(format!("generation {generation} was started before")));
        }
        let child = self.spawn(generation)?;
        self.kids().insert(generation, Kid { child, span, status: None, killed: false });
        Ok(())
    }
}

impl Drop for Children {
    fn drop(&mut self) {
        self.end();
        *self.orders.lock().unwrap_or_else(PoisonError::into_inner) = None;
        if let Some(keeper) = self.keeper.take() {
            let _ = keeper.join();
        }
    }
}

impl Kid {
    fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().cast_signed())
    }

    /// Looks whether it is there, and reaps it if not.
    fn is_there(&mut self, clock: Clock) -> bool {
        if self.status.is_none() {
            self.status = self.child.try_wait().unwrap_or_default();
            self.span.to_ns = self.status.map(|_| clock.now());
        }
        self.status.is_none()
    }

    fn kill(&mut self, clock: Clock) {
        if self.is_there(clock) {
            self.killed = true;
            // It may end by itself at this moment, which is as good.
            let _ = self.child.kill();
            self.status = self.child.wait().ok();
            self.span.to_ns = Some(clock.now());
        }
    }
}

/// The thread that starts all.
fn keep(launch: &Launch, arguments: &Arguments, orders: &Receiver<Order>) {
    for (generation, tell) in orders {
        let mut command = launch.command(&arguments(generation));
        let child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn();
        // Whoever asked waits for it.
        let _ = tell.send(child);
    }
}
