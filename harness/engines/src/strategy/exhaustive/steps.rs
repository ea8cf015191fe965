//! From what the driver and the hook tell of an execution to its trace.

use super::access::{Accesses, Heeds};
use super::node::{Node, Sleeper};
use super::trace::{Clock, Event, Trace};
use racehunt_sync::hook::{self, How, Kind, Touch};

/// The steps of an execution as they are done.
#[derive(Debug, Default)]
pub(super) struct Steps {
    pub(super) trace: Trace,
    /// The step that is being done: what it does is known at the next one.
    open: Option<Event>,
    touches: Vec<Touch>,
    pub(super) heeds: Heeds,
    /// What should be heeded.
    seen: Heeds,
}

impl Steps {
    pub(super) fn new(heeds: Heeds) -> Self {
        Self { heeds, ..Self::default() }
    }

    /// What should have been heeded from the beginning.
    pub(super) fn should_heed(&self) -> Heeds {
        self.heeds.and(self.seen).and(Heeds { ends: self.trace.is_joint(), ..Heeds::default() })
    }

    /// `actor` takes the step that it has announced, at the choice `node` if it was one.
    pub(super) fn begin(&mut self, actor: u32, node: Option<usize>) {
        self.open = Some(event(actor, node));
    }

    /// Ends the open step, adds it to the trace, and wakes the sleepers that it does not commute with.
    pub(super) fn settle(&mut self, nodes: &mut [Node], sleepers: &mut Vec<Sleeper>) {
        let Some(mut event) = self.open.take() else { return };
        self.touches.clear();
        hook::take_touches(&mut self.touches);
        event.accesses.all |= hook::is_opaque();
        for touch in &self.touches {
            event.accesses.did(*touch, self.heeds.time);
            self.seen.time |= touch.object == hook::TIME && touch.how != How::Begins;
        }
        let waits = hook::pending(event.actor).is_some_and(|p| p.kind == Kind::Join);
        if self.heeds.ends && (waits || event.accesses.ends()) {
            event.accesses.joint();
        }
        sleepers.retain(|s| s.actor != event.actor && s.does.commutes(&event.accesses));
        self.trace.add(event, hook::actors(), nodes);
    }

    /// The open step is not done.
    pub(super) fn abandon(&mut self) {
        self.open = None;
    }

    /// The execution has ended; if `whole`, by itself: those that wait now would have gone on otherwise if others had come
    /// later. Adds to the nodes what has to be tried for all of its races.
    pub(super) fn end(&mut self, whole: bool, nodes: &mut [Node]) {
        for actor in (0..hook::actors() as u32).filter(|_| whole) {
            if hook::pending(actor).is_some() {
                self.trace.waits(event(actor, None), nodes);
            }
        }
        self.trace.turn_all(nodes);
    }
}

fn event(actor: u32, node: Option<usize>) -> Event {
    let mut accesses = Accesses::default();
    let pending = hook::pending(actor);
    if let Some(p) = pending {
        accesses.announced(p.kind, p.object);
    }
    let joins = pending.filter(|p| p.kind == Kind::Join && p.object == 0).and_then(|_| hook::joined(actor));
    let eager = node.is_none() && hook::is_eager(actor);
    Event {
        actor,
        index: 0,
        node,
        eager,
        joined: false,
        joins,
        accesses,
        clock: Clock::default(),
        needs: Clock::default(),
    }
}
