//! Random programs over shared files and a lock file: every complete search must come to the same outcomes.

use racehunt_core::ledger::Ledger;
use racehunt_core::plan::{Params, SplitMix64};
use racehunt_core::subject::{
    Actor, Call, Env, Instance, OpError, OpKind, Opener, ParamSpec, Subject, SubjectError, Variant,
};
use racehunt_sync::fs::{self, OpenOptions};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

/// What the actors saw, and what is left: files with their content.
pub(crate) type Outcome = (BTreeMap<u32, Vec<String>>, Vec<(PathBuf, Vec<u8>)>);

/// Kinds of ops a program is drawn from.
const KINDS: u64 = 6;

/// The ops of each of two actors.
pub(crate) fn draw(seed: u64) -> [Vec<u32>; 2] {
    let mut rng = SplitMix64::new(seed);
    let mut part = |most: u64| (0..1 + rng.below(most)).map(|_| rng.below(KINDS) as u32).collect();
    [part(2), part(2)]
}

/// The subject; it keeps every outcome.
#[derive(Default)]
pub(crate) struct Files {
    pub(crate) left: Arc<Mutex<BTreeSet<Outcome>>>,
}

impl Subject for Files {
    fn name(&self) -> &'static str {
        "till"
    }

    fn about(&self) -> &'static str {
        "Plays programs over files."
    }

    fn variants(&self) -> &'static [Variant] {
        &[Variant { name: "files", about: "a log, a lock file, renames" }]
    }

    fn ops(&self) -> &'static [OpKind] {
        &[OpKind { name: "put", about: "put(n): the n-th kind of op" }]
    }

    fn params(&self) -> Vec<ParamSpec> {
        Vec::new()
    }

    fn open(&self, _: &str, _: &Params, _: &Env) -> Result<Opener, SubjectError> {
        let left = Arc::clone(&self.left);
        Ok(Box::new(move || {
            fs::create_dir("/d").expect("an empty tree");
            Arc::new(Desk { left: Arc::clone(&left), saw: Mutex::default() })
        }))
    }
}

struct Desk {
    left: Arc<Mutex<BTreeSet<Outcome>>>,
    saw: Mutex<BTreeMap<u32, Vec<String>>>,
}

fn append(tag: u32) {
    // Where it cannot be opened, that is not what is looked at.
    if let Ok(mut log) = OpenOptions::new().append(true).create(true).open("/d/log") {
        let _ = log.write_all(format!("{tag}").as_bytes());
    }
}

/// One op; what it tells of what it saw.
fn play(kind: u32, me: u32) -> String {
    let lock = || OpenOptions::new().write(true).create(true).truncate(false).open("/d/lock");
    match kind {
        0 => {
            append(me);
            String::new()
        }
        1 => {
            let Ok(lock) = lock() else { return "no lock file".into() };
            let locked = lock.lock().is_ok();
            append(me);
            append(me);
            format!("{locked} {}", lock.unlock().is_ok())
        }
        2 => {
            let Ok(lock) = lock() else { return "no lock file".into() };
            let got = lock.try_lock().is_ok();
            if got {
                append(me);
            }
            // Given up by the drop.
            format!("{got}")
        }
        3 => format!("{:?}", fs::rename("/d/log", format!("/d/old{me}")).map_err(|e| e.kind())),
        4 => {
            let names = fs::read_dir("/d").map(|dir| dir.flatten().map(|e| e.file_name()).collect::<BTreeSet<_>>());
            format!("{names:?}", names = names.map_err(|e| e.kind()))
        }
        _ => format!("{:?}", fs::read("/d/log").map_err(|e| e.kind())),
    }
}

impl Instance for Desk {
    fn apply(&self, call: Call, actor: &mut Actor) -> Result<(), OpError> {
        let said = play(call.arg, actor.number);
        self.saw.lock().unwrap().entry(actor.number).or_default().push(said);
        Ok(())
    }

    fn rest(&self, _: &mut Ledger) {
        let mut tree = fs::model::peek("/d");
        tree.sort();
        let saw = std::mem::take(&mut *self.saw.lock().unwrap());
        self.left.lock().unwrap().insert((saw, tree));
    }
}
