//! Every schedule but for the order of steps that commute.

mod access;
mod classes;
mod node;
mod steps;
mod trace;

pub use classes::Classes;

use super::{End, Point, Strategy};
use access::Accesses;
use node::{Node, Sleeper};
use racehunt_sync::hook;
use std::cell::RefCell;
use std::rc::Rc;
use steps::Steps;

/// Depth first, one execution for each class of schedules that differ in the order of independent steps only.
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
    /// Where the class of each execution is written.
    classes: Option<Rc<RefCell<Vec<u64>>>>,
}

impl Exhaustive {
    /// Appends the class of each execution, as [`Classes`] does.
    #[must_use]
    pub fn noting(seen: Rc<RefCell<Vec<u64>>>) -> Self {
        Self { classes: Some(seen), ..Self::default() }
    }

    fn settle(&mut self) {
        self.steps.settle(&mut self.nodes, &mut self.sleepers);
    }

    /// What the step at a choice did, and all that was done at once after it.
    fn does(&self, node: &Node) -> Accesses {
        let steps = &self.steps.trace.events()[node.before..];
        let mut does = Accesses::default();
        let (first, rest) = steps.split_first().expect("a choice is followed by its step");
        for step in std::iter::once(first).chain(rest.iter().take_while(|step| step.eager)) {
            does.add(&step.accesses);
        }
        does
    }

    /// Goes back to the last choice at which something is left; false if there is none.
    fn back(&mut self) -> bool {
        while let Some(mut node) = self.nodes.pop() {
            let does = self.does(&node);
            if node.next(does).is_some() {
                self.steps.trace.cut(node.before);
                self.nodes.push(node);
                return true;
            }
        }
        false
    }

    /// From here on nothing is known.
    fn go_live(&mut self, sleepers: Vec<Sleeper>) {
        self.live = true;
        self.sleepers = sleepers;
        hook::track(true);
    }
}

impl Strategy for Exhaustive {
    fn begin(&mut self) -> bool {
        hook::track(false);
        if self.steps.asked && !self.steps.timed {
            // The order of calls matters here: what was explored so far did not heed it.
            self.restart();
            self.steps.timed = true;
        }
        if self.started {
            self.strayed |= self.depth < self.nodes.len();
            if self.strayed || !self.back() {
                return self.strayed;
            }
        }
        self.started = true;
        (self.depth, self.count, self.live, self.redundant, self.at) = (0, 0, false, false, None);
        if self.nodes.is_empty() {
            self.go_live(Vec::new());
        }
        true
    }

    fn pick(&mut self, point: Point<'_>) -> Option<u32> {
        if self.live {
            self.settle();
            let first = point.current.filter(|_| !point.yielding);
            let node = Node::new(self.steps.trace.len(), point.options, &self.sleepers, first)?;
            self.nodes.push(node);
        }
        let node = &self.nodes[self.depth];
        if node.options != point.options || self.count != node.before {
            self.strayed = true;
            return None;
        }
        let picked = node.actor();
        if !self.live && self.depth + 1 == self.nodes.len() {
            let sleepers = node.sleepers.clone();
            self.go_live(sleepers);
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
        self.settle();
        hook::track(false);
        if !end.cut {
            if let Some(classes) = &self.classes {
                classes.borrow_mut().push(self.steps.trace.fingerprint());
            }
            self.steps.end(&mut self.nodes);
        }
    }

    fn restart(&mut self) {
        let classes = self.classes.take();
        if let Some(classes) = &classes {
            classes.borrow_mut().clear();
        }
        *self = Self { steps: Steps::new(self.steps.timed), classes, ..Self::default() };
    }

    fn complaint(&self) -> Option<String> {
        let why = "the program is not deterministic: the same choices led to other points than before";
        self.strayed.then(|| why.to_owned())
    }
}
