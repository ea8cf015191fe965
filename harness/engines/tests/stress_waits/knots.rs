//! A subject whose actors come to wait for each other, in one way for each variant.

use racehunt_core::ledger::Ledger;
use racehunt_core::plan::Params;
use racehunt_core::subject::{
    Actor, Call, Env, Instance, OpError, OpKind, Opener, ParamSpec, Subject, SubjectError, Variant,
};
use racehunt_sync::{Arc, Condvar, Mutex, thread};
use std::time::Duration;

pub(crate) struct Knots;

const VARIANTS: &[Variant] = &[
    Variant { name: "ab-ba", about: "two mutexes in both orders" },
    Variant { name: "join", about: "joins a thread that needs the lock it holds" },
    Variant { name: "slow", about: "one op takes long" },
    Variant { name: "waits", about: "a condvar that nobody notifies" },
    Variant { name: "watched", about: "the same, and a thread of std that may notify" },
    Variant { name: "timed", about: "the same, with a timeout, over and over" },
];

impl Subject for Knots {
    fn name(&self) -> &'static str {
        "knots"
    }
    fn about(&self) -> &'static str {
        "Waits."
    }
    fn variants(&self) -> &'static [Variant] {
        VARIANTS
    }
    fn ops(&self) -> &'static [OpKind] {
        &[OpKind { name: "there", about: "one order" }, OpKind { name: "back", about: "the other" }]
    }
    fn params(&self) -> Vec<ParamSpec> {
        Vec::new()
    }
    fn open(&self, variant: &str, _: &Params, _: &Env) -> Result<Opener, SubjectError> {
        let variant = variant.to_owned();
        Ok(Box::new(move || Arc::new(Knot::new(&variant))))
    }
}

struct Knot {
    variant: String,
    locks: Arc<[Mutex<u64>; 2]>,
    condvar: Arc<Condvar>,
}

impl Knot {
    fn new(variant: &str) -> Self {
        let condvar = Arc::new(Condvar::new());
        if variant == "watched" {
            let condvar = Arc::clone(&condvar);
            std::thread::spawn(move || {
                std::thread::sleep(Duration::from_secs(600));
                condvar.notify_all();
            });
        }
        let locks = Arc::new([Mutex::new(0), Mutex::new(0)]);
        Self { variant: variant.to_owned(), locks, condvar }
    }

    fn wait(&self) {
        let mut held = self.locks[0].lock().unwrap();
        loop {
            held = self.condvar.wait(held).unwrap();
        }
    }
}

impl Instance for Knot {
    fn apply(&self, call: Call, _: &mut Actor) -> Result<(), OpError> {
        match self.variant.as_str() {
            "ab-ba" => {
                let mut first = self.locks[call.op].lock().unwrap();
                thread::yield_now();
                *first += *self.locks[1 - call.op].lock().unwrap();
            }
            "join" => {
                let held = self.locks[0].lock().unwrap();
                let locks = Arc::clone(&self.locks);
                let worker = thread::Builder::new().name("worker".to_owned());
                let worker = worker.spawn(move || *locks[0].lock().unwrap() += 1).unwrap();
                worker.join().unwrap();
                drop(held);
            }
            "slow" => {
                let _held = self.locks[0].lock().unwrap();
                std::thread::sleep(Duration::from_secs(2));
            }
            "timed" => loop {
                let held = self.locks[call.op].lock().unwrap();
                drop(self.condvar.wait_timeout(held, Duration::from_secs(5)).unwrap());
            },
            _ => self.wait(),
        }
        Ok(())
    }

    fn rest(&self, _: &mut Ledger) {}
}
