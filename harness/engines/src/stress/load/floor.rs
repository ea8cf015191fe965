//! What the actors of a trial under load share, and one actor's work.

use super::arrivals::Arrivals;
use crate::panics::{Caught, catch};
use crate::stress::crew::{Crew, locked};
use crate::stress::deal::Part;
use crate::stress::gate::Dice;
use crate::stress::inject::Injection;
use crate::stress::journal;
use crate::stress::latency::Recorder;
use crate::stress::settings::Settings;
use crate::stress::watch::{OPENING, RESTING};
use hdrhistogram::Histogram;
use racehunt_core::history::account;
use racehunt_core::ledger::Ledger;
use racehunt_core::ledger::sketch::{CELLS, Sketch};
use racehunt_core::observation::{Observation, OpFailure, Panic, Seen, Violation};
use racehunt_core::subject::{Actor, Call, Instance, Opener};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

/// Entries that all actors' ledgers may hold together: settling takes some 40 bytes for each.
const MOST_ENTRIES: usize = 1 << 26;
/// Entries of one actor's ledger that are kept id by id: 1 MiB. More are folded into a sketch.
pub(super) const FOLD_AT: usize = 1 << 17;
/// Failures that one actor keeps; each has its own text.
const MOST_FAILURES: usize = 10_000;
/// Ops between two looks at these bounds.
const LOOK_EVERY: u64 = 4096;

/// What all actors of the trial share.
pub(super) struct Floor {
    crew: Arc<Crew>,
    settings: Arc<Settings>,
    opener: Opener,
    parts: Vec<Part>,
    injection: Injection,
    instance: OnceLock<Result<Arc<dyn Instance>, Caught>>,
    /// The recorder's reading at the start.
    start: OnceLock<u64>,
    ledgers: Mutex<Observation>,
    observation: Mutex<Option<Observation>>,
    pub(super) harvests: Mutex<Vec<Harvest>>,
}

/// What one actor measured.
#[derive(Default)]
pub(super) struct Harvest {
    pub(super) histograms: Vec<Histogram<u64>>,
    /// Starts that were due and not made when the time was up.
    pub(super) missed: u64,
    /// For how long the first of them was due.
    pub(super) overdue: Duration,
}

/// One actor at work.
struct Hand<'a> {
    me: usize,
    crew: &'a Crew,
    instance: &'a dyn Instance,
    actor: Actor,
    recorder: Recorder,
    most_entries: usize,
    calls: u64,
    unkept: u64,
    /// What the actor's ledger does not hold any more.
    sketch: Option<Box<Sketch>>,
}

impl Floor {
    pub(super) fn new(
        crew: Arc<Crew>,
        settings: Arc<Settings>,
        opener: Opener,
        parts: Vec<Part>,
        injection: Injection,
    ) -> Self {
        Self {
            crew,
            settings,
            opener,
            parts,
            injection,
            instance: OnceLock::new(),
            start: OnceLock::new(),
            ledgers: Mutex::default(),
            observation: Mutex::default(),
            harvests: Mutex::default(),
        }
    }

    /// What there is to judge, if the object came to its end (in whatever way).
    pub(super) fn take_observation(&self) -> Option<Observation> {
        locked(&self.observation).take()
    }

    /// One actor's thread, from its start to the end of the trial.
    pub(super) fn work(&self, me: usize) {
        self.crew.group.enter(&self.parts[me].name, Some(me));
        let recorder = Recorder::new(self.crew.ops.len());
        if me == 0 {
            self.crew.beats[me].begin(OPENING);
            let _ = self.instance.set(catch(|| (self.opener)()));
            self.crew.beats[me].end_phase();
        }
        let started = self.crew.gate.wait(|| {
            let _ = self.start.set(recorder.now());
            self.injection.arm(0);
        });
        if !started {
            return;
        }
        if let Some(Ok(instance)) = self.instance.get() {
            self.call(me, &**instance, recorder);
        }
        if self.crew.gate.wait(|| self.injection.disarm()) && me == 0 {
            self.rest();
        }
    }

    fn call(&self, me: usize, instance: &dyn Instance, recorder: Recorder) {
        let most_entries = MOST_ENTRIES / self.settings.threads;
        let actor = Actor::new(me as u32, self.settings.seed).with_clock(journal::now);
        let mut hand =
            Hand { me, crew: &self.crew, instance, actor, recorder, most_entries, calls: 0, unkept: 0, sketch: None };
        let part = &self.parts[me];
        let mut harvest = Harvest::default();
        let panic = match self.settings.rate {
            None => hand.closed(&part.calls),
            Some(rate) => {
                let arrivals = Arrivals::new(rate / self.settings.threads as f64, Dice::new(self.settings.seed, me));
                let duration = self.settings.duration.unwrap_or(Duration::MAX);
                let start = self.start.get().copied().unwrap_or_default();
                hand.open(&part.calls, arrivals, start, duration, &mut harvest)
            }
        };
        if hand.unkept > 0 {
            self.crew.remark(format!("{} failed ops of actor {me} are not among the errors counted", hand.unkept));
        }
        let mut sum = locked(&self.ledgers);
        sum.ledger.merge(&hand.actor.ledger);
        join(&mut sum.sketch, hand.sketch.take());
        sum.history.append(&mut hand.actor.history);
        sum.failures.append(&mut hand.actor.failures);
        sum.panics.extend(panic.map(|p| as_panic(&part.name, p)));
        drop(sum);
        harvest.histograms = hand.recorder.into_histograms();
        locked(&self.harvests).push(harvest);
    }

    /// Drains the object, on one thread, after all calls.
    fn rest(&self) {
        let mut o = std::mem::take(&mut *locked(&self.ledgers));
        account(&o.history, &mut o.ledger);
        self.crew.beats[0].begin(RESTING);
        match self.instance.get() {
            Some(Err(p)) => o.panics.push(as_panic("open", p.clone())),
            // After a panic the ledger is not settled: what the panicking call did with its id is not known.
            Some(Ok(instance)) if o.panics.is_empty() => match catch(|| rest_of(&**instance, &mut o.ledger)) {
                Ok((violations, seen)) => (o.violations, o.seen, o.at_rest) = (violations, seen, true),
                Err(p) => o.panics.push(as_panic("rest", p)),
            },
            _ => {}
        }
        if let Some(sketch) = &mut o.sketch {
            sketch.fold(&mut o.ledger);
        }
        self.crew.beats[0].end_phase();
        *locked(&self.observation) = Some(o);
    }
}

fn rest_of(instance: &dyn Instance, ledger: &mut Ledger) -> (Vec<Violation>, Seen) {
    instance.rest(ledger);
    (instance.violations(), instance.seen())
}

/// Puts two sketches together.
fn join(sum: &mut Option<Box<Sketch>>, more: Option<Box<Sketch>>) {
    match (sum.as_mut(), more) {
        (Some(sum), Some(more)) => sum.merge(&more),
        (None, more) => *sum = more,
        (Some(_), None) => {}
    }
}

fn as_panic(actor: &str, p: Caught) -> Panic {
    Panic { actor: actor.to_owned(), message: p.message, site: p.site }
}

impl Hand<'_> {
    /// One op after the other until the trial ends. A panic ends this actor, as it would end its thread.
    fn closed(&mut self, calls: &[Call]) -> Option<Caught> {
        for call in calls.iter().cycle() {
            if self.crew.stopping() {
                return None;
            }
            let from = self.recorder.now();
            let result = self.apply(*call);
            let to = self.recorder.now();
            self.recorder.note(call.op, from, to);
            if let Some(panic) = self.after(*call, result) {
                return Some(panic);
            }
        }
        None
    }

    /// Each op when it is due, or as soon after as the ops before it allow; the waiting counts.
    fn open(
        &mut self,
        calls: &[Call],
        mut arrivals: Arrivals,
        start: u64,
        duration: Duration,
        harvest: &mut Harvest,
    ) -> Option<Caught> {
        let end_ns = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        for call in calls.iter().cycle() {
            let due = arrivals.next().filter(|due| *due < end_ns)?;
            if !self.until(start, due) {
                let now = self.recorder.nanos(start, self.recorder.now()).min(end_ns);
                harvest.overdue = Duration::from_nanos(now.saturating_sub(due));
                harvest.missed = u64::from(due < now) + arrivals.take_while(|due| *due < now).count() as u64;
                return None;
            }
            let result = self.apply(*call);
            let ended = self.recorder.nanos(start, self.recorder.now());
            self.recorder.note_nanos(call.op, ended.saturating_sub(due));
            if let Some(panic) = self.after(*call, result) {
                return Some(panic);
            }
        }
        None
    }

    /// Waits until an op is due. False if the trial ends first.
    fn until(&self, start: u64, due: u64) -> bool {
        /// A sleep may last this much longer than asked for.
        const COARSE: u64 = 150_000;
        /// Nearer than this, giving the CPU away could already be too long.
        const NEAR: u64 = 5_000;
        loop {
            if self.crew.stopping() {
                return false;
            }
            let now = self.recorder.nanos(start, self.recorder.now());
            match due.saturating_sub(now) {
                0 => return true,
                left if left > 2 * COARSE => {
                    std::thread::sleep(Duration::from_nanos((left - COARSE).min(10_000_000)));
                }
                left if left > NEAR => std::thread::yield_now(),
                _ => std::hint::spin_loop(),
            }
        }
    }

    #[inline]
    fn apply(&mut self, call: Call) -> Result<Result<(), racehunt_core::subject::OpError>, Caught> {
        let beat = &self.crew.beats[self.me];
        beat.begin(call.op);
        let result = catch(|| self.instance.apply(call, &mut self.actor));
        beat.end();
        result
    }

    /// What is not part of the op's time: keep its error, and look at the bounds now and then.
    #[inline]
    fn after(
        &mut self,
        call: Call,
        result: Result<Result<(), racehunt_core::subject::OpError>, Caught>,
    ) -> Option<Caught> {
        match result {
            Ok(Ok(())) => {}
            Ok(Err(error)) if self.actor.failures.len() < MOST_FAILURES => {
                self.actor.failures.push(OpFailure {
                    actor: self.me as u32,
                    op: self.crew.ops[call.op].name.to_owned(),
                    kind: error.kind.to_owned(),
                    message: error.message,
                });
            }
            Ok(Err(_)) => self.unkept += 1,
            Err(panic) => return Some(panic),
        }
        self.calls += 1;
        if self.calls.is_multiple_of(LOOK_EVERY) {
            return self.make_room();
        }
        None
    }

    /// Sees to it that what is kept of the calls so far stays in bounds.
    #[cold]
    fn make_room(&mut self) -> Option<Caught> {
        let ledger = &mut self.actor.ledger;
        if let Err(panic) = catch(|| self.instance.hand_over(ledger)) {
            return Some(panic);
        }
        let kept =
            |l: &Ledger| l.accepted.len() + l.rejected.len() + l.uncertain.len() + l.delivered.len() + l.evicted.len();
        // Of what tells a history, checkers of order need all, and by it uncertain fates become certain in the end.
        if self.actor.history.is_empty() && kept(ledger) >= FOLD_AT {
            self.sketch.get_or_insert_with(|| Box::new(Sketch::new(CELLS))).fold(ledger);
        }
        if kept(ledger) + self.actor.history.len() > self.most_entries {
            self.crew.remark(format!("ended early: the ledgers hold {MOST_ENTRIES} entries"));
            self.crew.stop();
        }
        None
    }
}
