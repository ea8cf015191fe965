//! Every schedule but for the order of steps that commute.

mod access;
mod classes;
mod node;
mod steps;
mod trace;
mod tree;

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

    /// A search of one part, for at most `most` executions.
    #[must_use]
    pub fn part(part: &Part, most: u64) -> Self {
        let nodes = part.path.clone();
        Self { frozen: nodes.len(), nodes, steps: Steps::new(part.timed), most: Some(most), ..Self::default() }
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
            timed: self.steps.asked || self.steps.timed,
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
        if self.steps.asked && !self.steps.timed {
            // The order of calls matters here: what was explored so far did not heed it.
            self.restart();
            self.steps.timed = true;
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
        if self.frozen > 0 {
            self.anew = true;
            return;
        }
        let (classes, most, begun) = (self.classes.take(), self.most, self.begun);
        if let Some(classes) = &classes {
            classes.borrow_mut().clear();
        }
        *self = Self { steps: Steps::new(self.steps.timed), classes, most, begun, ..Self::default() };
    }

    fn complaint(&self) -> Option<String> {
        let why = "the program is not deterministic: the same choices led to other points than before";
        self.strayed.then(|| why.to_owned())
    }
}
