//! Every schedule but for the order of steps that commute: dynamic partial-order reduction.
//!
//! Source: source-DPOR with sleep sets (Abdulla, Aronis, Jonsson and Sagonas, POPL'14 and JACM'17, algorithm 1), over
//! [`Reduce`](super::Reduce). Each execution is looked at for races: pairs of steps whose order matters, of which the later
//! one could have come first. To the choice at which the first one was taken an actor is added that leads to the second
//! one without the first, unless one of those that do is tried there anyway. An actor that was tried sleeps in what is
//! tried after it at the same choice, until a step is taken that does not commute with its own.
//!
//! # What it guarantees
//!
//! Once it says that it is exhausted, of each class of schedules that lead to one another by swapping neighbouring steps
//! which commute one was executed (and, in all that was tested, not two): so every outcome was seen that the program has
//! under sequential consistency, with the fixed seed of its draws, as far as the steps of the facade order what the actors
//! do. What they share by other means (std's own atomics, who drops the last [`std::sync::Arc`]) is seen in one order only;
//! plain `dfs` sees some of it in more. It is not exhausted if an execution ran into the bound on steps.
//!
//! # What commutes
//!
//! A step is what an actor does from one scheduling point to the next. All of it counts, as told by
//! [`racehunt_sync::hook::take_touches`] once it was done: also the locks that an unwinding gives up, the mutex that a wait
//! on a condvar releases, the end of an actor. So nothing has to be known of a step before it was done: a race is looked for
//! between steps that were done, and what an actor's step does it does again while it sleeps. Two steps commute unless they
//! access one object and one of them may change it. An acquisition of a lock waits for its release: the two are no race,
//! but the acquisitions are.
//!
//! Treated as commuting with nothing: steps that start, look at or end a timer (sleeps and timeouts: the clock moves by
//! what all do, and a timer that is polled gives way if nobody else did anything); kills; any step where time is prompt;
//! closing one of several handles of one open file. The order of moments ([`racehunt_sync::hook::tick`]) is one object that
//! every call's first step and every look at the time changes: checkers of histories may see whether one call was over
//! before another began. A program that never asks for the time does not pay for it: the search begins anew once one does.
//! loom has the same blind spot, and keeps it. In the same way, what an actor does at once after it has joined several
//! others belongs to whichever ended last; the order of ends is heeded once that turns out to be in a race.
//!
//! # Deviations
//!
//! The steps that `Reduce` takes at once are no choices. What they do belongs to the choice that set them off, when it
//! comes to races, and to the step that sleeps. What a blocked actor waits to do when an execution ends is looked at as if
//! it had been done: in a deadlock that race is the one that matters. Wakeup trees (the optimal algorithm) are not used:
//! they name actors and steps beyond the choice at which they are kept, whose numbers may differ there. What source sets
//! cannot avoid, executions that end because all who could go on sleep, is counted as `pruned`.

mod access;
mod classes;
mod node;
mod steps;
mod trace;
mod tree;

pub use access::Heeds;
pub use classes::Classes;
pub use tree::{Part, Rest, Tree};

use super::{End, Point, Strategy};
use access::Accesses;
use node::{Node, Sleeper};
use racehunt_sync::hook;
use std::cell::RefCell;
use std::rc::Rc;
use steps::Steps;
use trace::Trace;

/// Depth first, one execution for each class of schedules that differ in the order of independent steps only. Wants to be
/// under [`Reduce`](super::Reduce).
#[derive(Debug, Default)]
pub struct Exhaustive {
    nodes: Vec<Node>,
    steps: Steps,
    /// Choices made, and steps seen, in this execution.
    depth: usize,
    count: usize,
    started: bool,
    /// True once this execution has left what was explored before.
    live: bool,
    /// Those that sleep now.
    sleepers: Vec<Sleeper>,
    /// The choice at which the next step is taken.
    at: Option<usize>,
    /// The step that was taken leads to what is known.
    redundant: bool,
    /// True once a path did not lead where it led before.
    strayed: bool,
    /// Choices that lead to the part of the search that this is, and are another's to look after.
    frozen: usize,
    /// Executions after which it ends, those included that were ended early.
    most: Option<u64>,
    begun: u64,
    /// True if something was left then.
    full: bool,
    /// True if the part was begun on false grounds.
    anew: bool,
    /// Where the class of each execution is written.
    classes: Option<Rc<RefCell<Vec<u64>>>>,
}

impl Exhaustive {
    /// Appends the class of each execution, as [`Classes`] does.
    #[must_use]
    pub fn noting(self, seen: Rc<RefCell<Vec<u64>>>) -> Self {
        Self { classes: Some(seen), ..self }
    }

    /// What turned out to matter so far.
    #[must_use]
    pub fn heeds(&self) -> Heeds {
        self.steps.heeds
    }

    /// A search of one part, for at most `most` executions.
    #[must_use]
    pub fn part(part: &Part, most: u64) -> Self {
        let nodes = part.path.clone();
        Self { frozen: nodes.len(), nodes, steps: Steps::new(part.heeds), most: Some(most), ..Self::default() }
    }

    /// What is left of the part, once [`Strategy::begin`] has said that it is over.
    #[must_use]
    pub fn rest(&mut self) -> Rest {
        let mut nodes = self.nodes.split_off(self.frozen);
        if !self.full {
            nodes.clear();
        }
        for node in &mut nodes {
            node.tried(does(&self.steps.trace, node));
        }
        let frozen = &mut self.nodes;
        Rest {
            does: frozen.last().map(|node| does(&self.steps.trace, node)).unwrap_or_default(),
            asked: (0..)
                .zip(frozen)
                .flat_map(|(i, n)| n.asked.take().into_iter().flatten().map(move |h| (i, h)))
                .collect(),
            nodes,
            heeds: self.steps.should_heed(),
            anew: self.anew,
        }
    }

    fn settle(&mut self) {
        self.steps.settle(&mut self.nodes, &mut self.sleepers);
    }

    /// Goes back to the last choice at which something is left; false if there is none.
    fn back(&mut self) -> bool {
        while self.nodes.len() > self.frozen {
            let node = self.nodes.last_mut().expect("looked at");
            if node.wants() {
                node.tried(does(&self.steps.trace, node));
                node.next();
                let before = node.before;
                self.steps.trace.cut(before);
                return true;
            }
            self.nodes.pop();
        }
        false
    }

    /// From here on nothing is known.
    fn go_live(&mut self) {
        self.live = true;
        hook::track(true);
    }
}

/// What the step at a choice did, and all that was done at once after it.
fn does(trace: &Trace, node: &Node) -> Accesses {
    let mut does = Accesses::default();
    let steps = &trace.events()[node.before..];
    for (i, step) in steps.iter().enumerate().take_while(|(i, step)| *i == 0 || step.eager) {
        debug_assert!(i > 0 || step.actor == node.actor());
        does.add(&step.accesses);
    }
    does
}

impl Strategy for Exhaustive {
    fn begin(&mut self) -> bool {
        hook::track(false);
        let heeds = self.steps.should_heed();
        if heeds != self.steps.heeds {
            // What was explored so far did not heed it.
            self.restart();
            self.steps.heeds = heeds;
        }
        if self.anew {
            return false;
        }
        if self.started {
            self.strayed |= self.depth < self.nodes.len();
            self.full = self.most.is_some_and(|most| self.begun >= most);
            if self.strayed || self.full || !self.back() {
                return self.strayed;
            }
        }
        let first = !std::mem::replace(&mut self.started, true);
        self.begun += 1;
        (self.depth, self.count, self.live, self.redundant, self.at) = (0, 0, false, false, None);
        if first {
            self.sleepers.clear();
            self.go_live();
        }
        true
    }

    fn pick(&mut self, point: Point<'_>) -> Option<u32> {
        if self.live {
            self.settle();
        }
        let known = self.depth < self.nodes.len();
        if !known {
            let first = point.current.filter(|_| !point.yielding);
            self.nodes.push(Node::new(self.count, point.options, &self.sleepers, first)?);
        }
        let node = &self.nodes[self.depth];
        if node.options != point.options || node.before != self.count {
            self.strayed = true;
            return None;
        }
        let picked = node.actor();
        if known && self.depth + 1 == self.nodes.len() {
            self.sleepers.clone_from(&node.sleepers);
            if !self.live {
                self.go_live();
            }
        }
        self.at = Some(self.depth);
        self.depth += 1;
        Some(picked)
    }

    fn steps(&mut self, actor: u32) {
        if self.live {
            self.settle();
            self.redundant |= self.sleepers.iter().any(|s| s.actor == actor);
            self.steps.begin(actor, self.at);
        } else {
            let known = self.count < self.steps.trace.len() && self.steps.trace.event(self.count).actor == actor;
            self.strayed |= !known;
        }
        self.at = None;
        self.count += 1;
    }

    fn watches(&self) -> bool {
        true
    }

    fn knows(&self) -> bool {
        self.redundant || self.strayed
    }

    fn ended(&mut self, end: End) {
        if !self.live {
            self.strayed = true;
            return;
        }
        if self.redundant {
            self.steps.abandon();
        }
        self.settle();
        hook::track(false);
        if let Some(classes) = self.classes.as_ref().filter(|_| !end.cut) {
            classes.borrow_mut().push(self.steps.trace.fingerprint());
        }
        self.steps.end(!end.cut, &mut self.nodes);
    }

    fn restart(&mut self) {
        if self.frozen > 0 {
            self.anew = true;
            return;
        }
        let (classes, most, begun) = (self.classes.take(), self.most, self.begun);
        if let Some(classes) = &classes {
            classes.borrow_mut().clear();
        }
        *self = Self { steps: Steps::new(self.steps.heeds), classes, most, begun, ..Self::default() };
    }

    fn complaint(&self) -> Option<String> {
        let why = "the program is not deterministic: the same choices led to other points than before";
        self.strayed.then(|| why.to_owned())
    }
}
