//! Small subjects that are right as they stand; two actors call `first` and `second` once each.

use racehunt_core::finding::FindingKind;
use racehunt_core::ledger::Ledger;
use racehunt_core::observation::Violation;
use racehunt_core::plan::Params;
use racehunt_core::subject::{
    Actor, Call, Env, Instance, OpError, OpKind, Opener, ParamSpec, Subject, SubjectError, Variant,
};
use racehunt_sync::atomic::{AtomicU64, Ordering};
use racehunt_sync::cell::UnsafeCell;
use racehunt_sync::fs::{self, File, OpenOptions};
use racehunt_sync::{Condvar, Mutex, RwLock, thread};
use std::io::Write;
use std::sync::Arc;

/// One variant for each thing to weaken.
pub(crate) struct Toys;

macro_rules! toys {
    ($($name:literal: $about:literal, $do:path;)*) => {
        pub(crate) const VARIANTS: &[Variant] = &[$(Variant { name: $name, about: $about }),*];

        fn does(variant: &str) -> fn(&Toy, bool) {
            match variant {
                $($name => $do,)*
                other => panic!("no toy {other}"),
            }
        }
    };
}

toys! {
    "counted": "both add to one atomic", counted;
    "counted-in-order": "the same, with orderings that nobody needs", counted_in_order;
    "alone": "one adds, the other looks", alone;
    "locked": "read and write under a mutex", locked;
    "rw-locked": "read and write under an rwlock", rw_locked;
    "nested": "read and write under a mutex inside of another", nested;
    "once": "one use of a mutex", once;
    "after-a-join": "a mutex that one actor uses after the other has ended", after_a_join;
    "unit": "a mutex of nothing around two steps", unit;
    "published": "a value and a flag", published;
    "stored-again": "stores what is there", stored_again;
    "told": "waits for a flag and is told of it", told;
    "told-two": "two wait", told_two;
    "told-nobody": "nobody waits", told_nobody;
    "looks-once": "waits without a loop", looks_once;
    "file": "writes aside, syncs, renames onto the old one", file;
    "file-synced-twice": "syncs what it has synced", file_synced_twice;
    "flock": "reads and rewrites under a file's lock", flock;
    "made-new": "who makes the file is the first", made_new;
}

impl Subject for Toys {
    fn name(&self) -> &'static str {
        "toys"
    }

    fn about(&self) -> &'static str {
        "Right as they stand."
    }

    fn variants(&self) -> &'static [Variant] {
        VARIANTS
    }

    fn ops(&self) -> &'static [OpKind] {
        &[OpKind { name: "first", about: "one actor's part" }, OpKind { name: "second", about: "the other's" }]
    }

    fn params(&self) -> Vec<ParamSpec> {
        Vec::new()
    }

    fn open(&self, variant: &str, _: &Params, _: &Env) -> Result<Opener, SubjectError> {
        let does = does(variant);
        let files = variant.starts_with("file") || variant == "flock";
        Ok(Box::new(move || Arc::new(Toy::new(does, files))))
    }
}

/// What the variants are made of, and what went wrong.
struct Toy {
    does: fn(&Self, bool),
    files: bool,
    count: AtomicU64,
    flag: AtomicU64,
    plain: UnsafeCell<u64>,
    outer: Mutex<u64>,
    value: Mutex<u64>,
    shared: RwLock<u64>,
    nothing: Mutex<()>,
    given: Condvar,
    wrong: std::sync::Mutex<Vec<&'static str>>,
}

// SAFETY: `plain` is written before `flag` is stored and read after it was seen.
unsafe impl Sync for Toy {}

impl Toy {
    fn new(does: fn(&Self, bool), files: bool) -> Self {
        if files {
            crate::lay_out();
        }
        Self {
            does,
            files,
            count: AtomicU64::new(0),
            flag: AtomicU64::new(0),
            plain: UnsafeCell::new(0),
            outer: Mutex::new(0),
            value: Mutex::new(0),
            shared: RwLock::new(0),
            nothing: Mutex::new(()),
            given: Condvar::new(),
            wrong: std::sync::Mutex::default(),
        }
    }

    fn expect(&self, so: bool, otherwise: &'static str) {
        if !so {
            self.wrong.lock().unwrap().push(otherwise);
        }
    }

    fn give(&self) {
        *self.value.lock().unwrap() = 1;
        self.given.notify_all();
    }

    fn wait(&self) {
        let mut value = self.value.lock().unwrap();
        while *value == 0 {
            value = self.given.wait(value).unwrap();
        }
    }
}

impl Instance for Toy {
    fn apply(&self, call: Call, _: &mut Actor) -> Result<(), OpError> {
        (self.does)(self, call.op == 0);
        Ok(())
    }

    fn rest(&self, _: &mut Ledger) {
        if self.files {
            let text = fs::read_to_string("/item").unwrap_or_default();
            self.expect(!text.is_empty(), "the file is empty");
        }
    }

    fn violations(&self) -> Vec<Violation> {
        let wrong = std::mem::take(&mut *self.wrong.lock().unwrap());
        let violation = |detail: &str| Violation {
            kind: FindingKind::Invariant,
            detail: detail.to_owned(),
            message: detail.to_owned(),
            ids: Vec::new(),
        };
        wrong.into_iter().map(violation).collect()
    }
}

fn counted(toy: &Toy, _: bool) {
    let before = toy.count.fetch_add(1, Ordering::Relaxed);
    let seen = toy.flag.fetch_or(1 << before, Ordering::Relaxed);
    toy.expect(seen & (1 << before) == 0, "two have one number");
}

fn counted_in_order(toy: &Toy, _: bool) {
    let before = toy.count.fetch_add(1, Ordering::AcqRel);
    toy.expect(before < 2, "more than two");
}

fn alone(toy: &Toy, first: bool) {
    if first {
        toy.count.fetch_add(1, Ordering::Relaxed);
    } else {
        toy.count.load(Ordering::Relaxed);
    }
}

fn locked(toy: &Toy, _: bool) {
    let mut value = toy.value.lock().unwrap();
    let before = *value;
    *value = before + 1;
    toy.expect(before == 0 || *value == 2, "an update is lost");
    drop(value);
    if toy.count.fetch_add(1, Ordering::Relaxed) == 1 {
        toy.expect(*toy.value.lock().unwrap() == 2, "an update is lost");
    }
}

fn rw_locked(toy: &Toy, _: bool) {
    let mut value = toy.shared.write().unwrap();
    let before = *value;
    *value = before + 1;
    drop(value);
    if toy.count.fetch_add(1, Ordering::Relaxed) == 1 {
        toy.expect(*toy.shared.read().unwrap() == 2, "an update is lost");
    }
}

fn nested(toy: &Toy, _: bool) {
    let _outer = toy.outer.lock().unwrap();
    let mut value = toy.value.lock().unwrap();
    let before = *value;
    *value = before + 1;
}

fn once(toy: &Toy, _: bool) {
    *toy.value.lock().unwrap() += 1;
}

fn after_a_join(toy: &Toy, first: bool) {
    if first {
        *toy.value.lock().unwrap() += 1;
        toy.flag.store(1, Ordering::Release);
    } else if toy.flag.load(Ordering::Acquire) == 1 {
        *toy.value.lock().unwrap() += 1;
    }
}

fn unit(toy: &Toy, _: bool) {
    let _alone = toy.nothing.lock().unwrap();
    let before = toy.count.load(Ordering::Relaxed);
    toy.count.store(before + 1, Ordering::Relaxed);
    let ended = toy.flag.load(Ordering::Relaxed) + 1;
    toy.flag.store(ended, Ordering::Relaxed);
    toy.expect(toy.count.load(Ordering::Relaxed) == ended, "an update is lost");
}

fn published(toy: &Toy, first: bool) {
    if first {
        toy.count.store(1, Ordering::Release);
        toy.flag.store(1, Ordering::Release);
    } else if toy.flag.load(Ordering::Acquire) == 1 {
        toy.expect(toy.count.load(Ordering::Relaxed) == 1, "the flag came before the value");
    }
    if first {
        toy.expect(toy.flag.load(Ordering::Relaxed) == 1, "the flag is not there");
        toy.plain.with(|_| ());
    }
}

fn stored_again(toy: &Toy, _: bool) {
    toy.flag.store(0, Ordering::Relaxed);
}

fn told(toy: &Toy, first: bool) {
    if first { toy.give() } else { toy.wait() }
}

fn told_two(toy: &Toy, first: bool) {
    if first {
        thread::scope(|scope| {
            scope.spawn(|| toy.wait());
            toy.wait();
        });
    } else {
        toy.give();
    }
}

fn told_nobody(toy: &Toy, first: bool) {
    if first {
        toy.give();
    }
}

fn looks_once(toy: &Toy, first: bool) {
    if first {
        return toy.give();
    }
    let mut value = toy.value.lock().unwrap();
    if *value == 0 {
        value = toy.given.wait(value).unwrap();
    }
    toy.expect(*value == 1, "woken too early");
}

fn write_aside(twice: bool) {
    let mut aside = File::create("/aside").unwrap();
    aside.write_all(b"1").unwrap();
    aside.sync_all().unwrap();
    if twice {
        aside.sync_data().unwrap();
    }
}

fn file(toy: &Toy, first: bool) {
    if first {
        write_aside(false);
        fs::rename("/aside", "/item").unwrap();
        toy.expect(fs::read_to_string("/item").unwrap() == "1", "the old one is there");
    } else {
        toy.expect(fs::exists("/item").unwrap(), "there is none");
    }
}

fn file_synced_twice(_: &Toy, first: bool) {
    if first {
        let again = File::open("/item").unwrap();
        again.sync_all().unwrap();
    }
}

fn flock(toy: &Toy, _: bool) {
    let lock = OpenOptions::new().write(true).create(true).truncate(false).open("/lock").unwrap();
    lock.lock().unwrap();
    let before: u64 = fs::read_to_string("/item").unwrap().parse().unwrap_or(9);
    fs::write("/item", (before + 1).to_string()).unwrap();
    lock.unlock().unwrap();
    if toy.count.fetch_add(1, Ordering::Relaxed) == 1 {
        toy.expect(fs::read_to_string("/item").unwrap() == "2", "an update is lost");
    }
}

fn made_new(toy: &Toy, _: bool) {
    if OpenOptions::new().write(true).create_new(true).open("/first").is_ok() {
        toy.expect(toy.count.fetch_add(1, Ordering::Relaxed) == 0, "two are the first");
    }
}
