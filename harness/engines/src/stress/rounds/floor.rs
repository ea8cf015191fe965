//! What the actors of a trial in rounds share, and one actor's way through a batch.

use super::lead::Lead;
use crate::emit::EngineError;
use crate::panics::{Caught, catch};
use crate::stress::crew::{Crew, locked};
use crate::stress::deal::{Deal, Part};
use crate::stress::gate::{Dice, spin};
use crate::stress::inject::Injection;
use crate::stress::journal;
use crate::stress::settings::Settings;
use crate::stress::watch::{OPENING, RESTING};
use racehunt_core::history::account;
use racehunt_core::observation::{Observation, OpFailure, Panic};
use racehunt_core::subject::{Actor, Call, Instance, Opener};
use racehunt_core::tally::Tally;
use racehunt_sync::perturb::{self, Perturb};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Most spins by which an actor starts late on an object.
const OFFSETS: u32 = 16;

/// What all actors of the trial share.
pub(super) struct Floor {
    pub(super) crew: Arc<Crew>,
    pub(super) settings: Arc<Settings>,
    pub(super) deal: Deal,
    pub(super) tally: Mutex<Option<Tally>>,
    /// Objects in this batch.
    pub(super) size: AtomicUsize,
    /// Set when no further batch follows.
    pub(super) over: AtomicBool,
    pub(super) parts: RwLock<Vec<Part>>,
    pub(super) lead: Mutex<Lead>,
    opener: Opener,
    injection: Injection,
    shares: Box<[Share]>,
}

/// One thread's share. Locks are taken once a batch and phase and never waited for, because the phases are apart:
/// they only prove to the compiler what the gate makes true.
#[derive(Default)]
struct Share {
    /// The objects this thread opens and settles: of the batch's objects, every n-th.
    opened: RwLock<Vec<Opened>>,
    /// What this thread's actor recorded, one for each object of the batch.
    played: RwLock<Vec<Played>>,
}

type Opened = Result<Arc<dyn Instance>, Caught>;

struct Played {
    actor: Actor,
    panic: Option<Caught>,
}

fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}

impl Floor {
    pub(super) fn new(
        crew: Arc<Crew>,
        settings: Arc<Settings>,
        opener: Opener,
        deal: Deal,
        injection: Injection,
        tally: Tally,
    ) -> Result<Self, EngineError> {
        Ok(Self {
            parts: RwLock::new(deal.parts(0)?),
            size: AtomicUsize::new(Lead::first_size(&settings, injection.counts())),
            over: AtomicBool::new(false),
            lead: Mutex::new(Lead::new(injection.counts())),
            tally: Mutex::new(Some(tally)),
            shares: (0..settings.threads).map(|_| Share::default()).collect(),
            crew,
            settings,
            deal,
            opener,
            injection,
        })
    }

    /// Why the trial ended, if its budget did not say so already.
    pub(super) fn why(&self) -> Option<&'static str> {
        locked(&self.lead).why
    }

    /// One actor's thread, from its start to the end of the trial.
    pub(super) fn play(&self, me: usize) {
        let gate = &self.crew.gate;
        self.crew.group.enter(&read(&self.parts)[me].name, Some(me));
        let mut dice = Dice::new(self.settings.seed, me);
        let mut observations = Vec::new();
        let mut before = 0;
        perturb::set(Perturb::default());
        loop {
            let size = self.size.load(Ordering::Relaxed);
            self.open_share(me, size);
            // Only the actors' own calls are perturbed: yields while opening and draining would cost rounds.
            perturb::set(self.settings.perturb_of(me, dice.next()));
            let arm = || self.injection.arm(before as u64);
            let disarm = || self.injection.disarm();
            if !(gate.wait(arm) && self.play_batch(me, size, before, &mut dice) && gate.wait(disarm)) {
                return;
            }
            before += size;
            perturb::set(Perturb::default());
            self.settle_share(me, &mut observations);
            if !gate.wait(|| self.close_batch()) || self.over.load(Ordering::Relaxed) {
                return;
            }
        }
    }

    fn open_share(&self, me: usize, size: usize) {
        let beat = &self.crew.beats[me];
        beat.begin(OPENING);
        let mut opened = write(&self.shares[me].opened);
        opened.extend((me..size).step_by(self.shares.len()).map(|_| catch(|| (self.opener)())));
        beat.end_phase();
    }

    /// False if the gate was abandoned.
    fn play_batch(&self, me: usize, size: usize, before: usize, dice: &mut Dice) -> bool {
        let opened: Vec<_> = self.shares.iter().map(|s| read(&s.opened)).collect();
        let parts = read(&self.parts);
        let calls = &parts[me].calls[..];
        let mut played = write(&self.shares[me].played);
        for slot in played.len()..size {
            let actor = Actor::new(me as u32, self.settings.seed_of(slot)).with_clock(journal::now);
            played.push(Played { actor, panic: None });
        }
        let n = self.shares.len();
        for (object, slot) in played[..size].iter_mut().enumerate() {
            slot.actor.clear();
            slot.panic = None;
            if !self.crew.gate.meet(me, before + object + 1) {
                return false;
            }
            spin(dice.below(OFFSETS));
            if let Ok(instance) = &opened[object % n][object / n] {
                slot.panic = catch(|| self.play_object(me, &**instance, calls, &mut slot.actor)).err();
                if slot.panic.is_some() {
                    self.crew.beats[me].end();
                }
            }
        }
        true
    }

    #[inline]
    fn play_object(&self, me: usize, instance: &dyn Instance, calls: &[Call], actor: &mut Actor) {
        let beat = &self.crew.beats[me];
        for call in calls {
            beat.begin(call.op);
            let result = instance.apply(*call, actor);
            beat.end();
            if let Err(error) = result {
                let op = self.crew.ops[call.op].name.to_owned();
                let failure = OpFailure { actor: me as u32, op, kind: error.kind.to_owned(), message: error.message };
                actor.failures.push(failure);
            }
        }
    }

    /// Drains and judges this thread's objects, and drops them.
    fn settle_share(&self, me: usize, observations: &mut Vec<Observation>) {
        let beat = &self.crew.beats[me];
        beat.begin(RESTING);
        {
            let played: Vec<_> = self.shares.iter().map(|s| read(&s.played)).collect();
            let parts = read(&self.parts);
            let mut opened = write(&self.shares[me].opened);
            observations.resize_with(opened.len(), Observation::default);
            for (k, (opened, o)) in opened.drain(..).zip(observations.iter_mut()).enumerate() {
                o.clear();
                for (slots, part) in played.iter().zip(parts.iter()) {
                    let slot = &slots[me + k * self.shares.len()];
                    o.ledger.merge(&slot.actor.ledger);
                    o.history.extend_from_slice(&slot.actor.history);
                    o.failures.extend_from_slice(&slot.actor.failures);
                    o.panics.extend(slot.panic.as_ref().map(|p| panic(&part.name, p)));
                }
                account(&o.history, &mut o.ledger);
                settle(opened, o);
            }
        }
        self.judge(observations);
        beat.end_phase();
    }

    fn judge(&self, observations: &[Observation]) {
        let mut tally = locked(&self.tally);
        // None once a stuck trial was called off: then nobody listens any more.
        let Some(tally) = tally.as_mut() else { return };
        for observation in observations {
            for (place, is_new) in tally.observe(observation) {
                if is_new {
                    self.crew.report(tally.findings()[place].clone());
                }
            }
        }
    }
}

/// Brings one object to rest. One that an actor panicked on is not drained: what the panicking call had done with
/// its id is not known, so its ledger would accuse the innocent, and the panic is a finding by itself.
fn settle(opened: Opened, o: &mut Observation) {
    match opened {
        Err(p) => o.panics.push(panic("open", &p)),
        Ok(instance) if o.panics.is_empty() => {
            let rest = catch(|| {
                instance.rest(&mut o.ledger);
                let (violations, seen) = (instance.violations(), instance.seen());
                drop(instance);
                (violations, seen)
            });
            match rest {
                Ok((violations, seen)) => (o.violations, o.seen, o.at_rest) = (violations, seen, true),
                Err(p) => o.panics.push(panic("rest", &p)),
            }
        }
        Ok(instance) => o.panics.extend(catch(|| drop(instance)).err().map(|p| panic("rest", &p))),
    }
}

fn panic(actor: &str, p: &Caught) -> Panic {
    Panic { actor: actor.to_owned(), message: p.message.clone(), site: p.site.clone() }
}
