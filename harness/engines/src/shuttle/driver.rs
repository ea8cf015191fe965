//! One driver round every strategy: counts executions, looks at the budget before each, hands each to a judge.

use crate::model::{self, Ended, Model};
use crate::strategy::{End, Point, Record, Recording, Reduce, Strategy};
use crate::{panics, shuttle::config};
use racehunt_sync::hook;
use shuttle::scheduler::{Schedule, Scheduler, Task, TaskId};
use shuttle::{MaxSteps, Runner};
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

/// When to stop. Looked at before each execution.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Executions.
    pub executions: u64,
    /// Scheduling points of one execution before it counts as a livelock.
    pub steps: usize,
    /// The time after which no execution begins; `None` for none.
    pub deadline: Option<Instant>,
}

/// Deadlocks after which a search ends: the engine never unwinds the actors of one, measured 1.6 KiB each for a small
/// subject, and there is nothing to learn from the next that these did not show.
pub(super) const MOST_DEADLOCKS: u64 = 100_000;

/// What the driver counted.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Executions that came to an end.
    pub executions: u64,
    /// Facade operations over all of them.
    pub steps: u64,
    /// Calls over all of them.
    pub ops: u64,
    /// Points at which the strategy had a choice, over all of them.
    pub choices: u64,
    /// Executions cut off at the bound on steps: what they would have gone on to do was not seen.
    pub cut_off: u64,
    /// Executions that the strategy ended, since all they could go on to show is known. None of the others counts them.
    pub pruned: u64,
    /// Executions in which an actor never ran.
    pub unstarted: u64,
    /// True once the strategy has nothing left to explore.
    pub exhausted: bool,
    /// Executions that ended in a deadlock.
    pub deadlocks: u64,
    /// The engine's own failure, if it had one: the search cannot be trusted after it.
    pub broken: Option<String>,
}

impl Seen {
    /// Adds what another driver counted. What is exhausted is the last one's to say.
    pub fn add(&mut self, later: &Self) {
        self.executions += later.executions;
        self.steps += later.steps;
        self.ops += later.ops;
        self.choices += later.choices;
        self.cut_off += later.cut_off;
        self.pruned += later.pruned;
        self.unstarted += later.unstarted;
        self.deadlocks += later.deadlocks;
        self.exhausted = later.exhausted;
        if self.broken.is_none() {
            self.broken.clone_from(&later.broken);
        }
    }
}

/// An execution that ended, as the judge gets it. The hook's tables still show it.
#[derive(Debug)]
pub struct Execution<'a> {
    /// Its number, from 1.
    pub number: u64,
    /// Seed of its actors' draws.
    pub seed: u64,
    /// What it left.
    pub ended: &'a Ended,
    /// What the strategy picked.
    pub recording: &'a Recording,
}

/// Judges an execution.
pub(crate) type Judge = Box<dyn FnMut(&Execution<'_>) -> Judged>;

/// What a judge answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judged {
    /// False ends the current chunk.
    pub go_on: bool,
    /// The execution showed coverage that no execution before it had shown.
    pub fresh: bool,
}

/// How the actors' draws are seeded.
#[derive(Clone, Copy, Debug)]
pub enum Seeds {
    /// Another one each execution, from the trial's.
    Vary(u64),
    /// The same one, for replays.
    Fixed(u64),
}

/// Runs executions of a model in chunks.
pub struct Driver(Rc<RefCell<State>>);

struct State {
    strategy: Box<dyn Strategy>,
    log: Rc<RefCell<Recording>>,
    model: Arc<Model>,
    budget: Budget,
    seeds: Seeds,
    recording: bool,
    judge: Judge,
    seen: Seen,
    /// When the current chunk ends.
    chunk: Option<Instant>,
    /// Seed of the execution that runs.
    open: Option<u64>,
    /// State of the values drawn from the schedule.
    draw: u64,
    points: usize,
    /// What was picked of all that could run, eager steps included: it says what happened whatever a replay leaves out.
    picks: Vec<u32>,
    /// The actor of the last step that counts, and the picks that left it although it could go on.
    last: Option<u32>,
    switches: u32,
    livelock: bool,
    /// The strategy ended the execution that runs.
    pruned: bool,
    watches: bool,
    reduce: bool,
    cut: bool,
    options: Vec<u32>,
}

impl Driver {
    /// A driver round `strategy`.
    pub fn new(
        model: Arc<Model>,
        strategy: Box<dyn Strategy>,
        reduce: bool,
        budget: Budget,
        seeds: Seeds,
        recording: bool,
        judge: Judge,
    ) -> Self {
        let log = Rc::<RefCell<Recording>>::default();
        let recorded = Record::new(strategy, Rc::clone(&log));
        let strategy: Box<dyn Strategy> = if reduce { Box::new(Reduce::new(recorded)) } else { Box::new(recorded) };
        let watches = strategy.watches();
        Self(Rc::new(RefCell::new(State {
            strategy,
            log,
            model,
            budget,
            seeds,
            recording,
            judge,
            seen: Seen::default(),
            chunk: None,
            open: None,
            draw: 0,
            points: 0,
            picks: Vec::new(),
            last: None,
            switches: 0,
            livelock: false,
            pruned: false,
            watches,
            reduce,
            cut: false,
            options: Vec::new(),
        })))
    }

    /// Runs until the budget is used up (true), or until `chunk` or the judge ends the chunk (false).
    pub fn run(&self, chunk: Option<Instant>) -> bool {
        loop {
            {
                let mut state = self.0.borrow_mut();
                state.chunk = chunk;
                state.cut = false;
            }
            let model = Arc::clone(&self.0.borrow().model);
            let scheduler = Handle(Rc::clone(&self.0));
            let ran = catch_unwind(AssertUnwindSafe(|| {
                Runner::new(scheduler, config(MaxSteps::None)).run(move || model.execute());
            }));
            let mut state = self.0.borrow_mut();
            match ran {
                Ok(()) => {}
                Err(payload) => {
                    let text = panics::text(&*payload);
                    if text.starts_with("deadlock!") {
                        state.deadlocked();
                    } else {
                        state.open = None;
                        state.seen.broken.get_or_insert(text);
                    }
                }
            }
            if state.cut {
                return false;
            }
            if state.finished(Instant::now()) {
                return true;
            }
        }
    }

    /// What was counted so far.
    #[must_use]
    pub fn seen(&self) -> Seen {
        self.0.borrow().seen.clone()
    }
}

impl State {
    fn finished(&self, now: Instant) -> bool {
        self.seen.exhausted
            || self.seen.deadlocks >= MOST_DEADLOCKS
            || self.seen.broken.is_some()
            || self.seen.executions >= self.budget.executions
            || self.budget.deadline.is_some_and(|d| now >= d)
    }

    /// Hands the execution that just ended to the judge.
    fn close(&mut self, waits: Option<Vec<racehunt_core::observation::Wait>>) {
        let Some(seed) = self.open.take() else { return };
        let mut ended = self.model.end();
        if std::mem::take(&mut self.pruned) {
            self.seen.pruned += 1;
            self.strategy.ended(End { fresh: false, cut: true });
            self.model.recycle(ended);
            return;
        }
        ended.observation.deadlock = waits;
        ended.observation.livelock = self.livelock;
        self.seen.executions += 1;
        self.seen.steps += hook::steps();
        self.seen.ops += ended.ops;
        self.seen.cut_off += u64::from(self.livelock);
        self.seen.unstarted += u64::from(!ended.all_started && ended.observation.deadlock.is_none() && !self.livelock);
        let mut log = self.log.borrow_mut();
        std::mem::swap(&mut log.picks, &mut self.picks);
        log.switches = self.switches;
        let execution = Execution { number: self.seen.executions, seed, ended: &ended, recording: &log };
        let judged = (self.judge)(&execution);
        self.cut |= !judged.go_on;
        drop(log);
        self.strategy.ended(End { fresh: judged.fresh, cut: self.livelock });
        self.model.recycle(ended);
    }

    /// `actor` goes on, unless the strategy knows all that comes of it.
    fn goes_on(&mut self, actor: u32) -> Option<TaskId> {
        if self.watches {
            self.strategy.steps(actor);
            self.pruned = self.strategy.knows();
        }
        (!self.pruned).then(|| TaskId::from(actor as usize))
    }

    /// Notes a pick among `self.options`.
    fn picked(&mut self, picked: u32) {
        self.picks.push(picked);
        self.counts(picked);
    }

    /// `next` goes on, of `self.options`: a switch if another one was left.
    fn counts(&mut self, next: u32) {
        if let Some(left) = hook::leaves(self.last, &self.options, next) {
            self.switches += u32::from(left);
            self.last = Some(next);
        }
    }

    fn deadlocked(&mut self) {
        self.seen.deadlocks += 1;
        let waits = model::waits();
        self.close(Some(waits));
    }
}

/// What shuttle gets; the state stays with the driver, so that a new runner goes on where the last one stopped.
struct Handle(Rc<RefCell<State>>);

impl Scheduler for Handle {
    fn new_execution(&mut self) -> Option<Schedule> {
        let mut guard = self.0.borrow_mut();
        let state = &mut *guard;
        state.close(None);
        let now = Instant::now();
        if state.cut || state.finished(now) {
            return None;
        }
        if state.chunk.is_some_and(|c| now >= c) {
            state.cut = true;
            return None;
        }
        let more = state.strategy.begin();
        state.seen.broken = state.strategy.complaint();
        if !more || state.seen.broken.is_some() {
            state.seen.exhausted = !more && state.seen.broken.is_none();
            return None;
        }
        let seed = match state.seeds {
            Seeds::Fixed(seed) => seed,
            Seeds::Vary(seed) => seed ^ state.seen.executions.wrapping_mul(0xd134_2543_de82_ef95),
        };
        state.open = Some(seed);
        state.draw = seed;
        state.points = 0;
        state.picks.clear();
        state.last = None;
        state.switches = 0;
        state.livelock = false;
        state.model.begin(seed, state.recording);
        Some(Schedule::new(seed))
    }

    fn next_task(&mut self, runnable: &[&Task], current: Option<TaskId>, is_yielding: bool) -> Option<TaskId> {
        let mut guard = self.0.borrow_mut();
        let state = &mut *guard;
        state.points += 1;
        if state.points > state.budget.steps {
            state.livelock = true;
            return None;
        }
        state.options.clear();
        if let [only] = runnable {
            let only = usize::from(only.id()) as u32;
            state.counts(only);
            return state.goes_on(only);
        }
        state.options.extend(runnable.iter().map(|t| usize::from(t.id()) as u32));
        // They come in order; nothing promises it.
        if !state.options.is_sorted() {
            state.options.sort_unstable();
        }
        let before = state.log.borrow().picks.len();
        let current = if state.reduce { state.last } else { current.map(|c| usize::from(c) as u32) };
        let picked = state.strategy.pick(Point { options: &state.options, current, yielding: is_yielding });
        let Some(picked) = picked else {
            state.pruned = true;
            return None;
        };
        state.seen.choices += (state.log.borrow().picks.len() - before) as u64;
        state.picked(picked);
        state.goes_on(picked)
    }

    fn next_u64(&mut self) -> u64 {
        hook::draws();
        let mut state = self.0.borrow_mut();
        state.draw = state.draw.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let x = (state.draw ^ (state.draw >> 32)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x ^ (x >> 29)
    }
}
