//! Components over files of one directory, as several processes share them: one that is right, and some that are not.

use racehunt_core::finding::FindingKind;
use racehunt_core::history::{Answer, What};
use racehunt_core::id::Id;
use racehunt_core::ledger::Ledger;
use racehunt_core::observation::{Gauge, Seen, Violation};
use racehunt_core::plan::Params;
use racehunt_core::subject::{
    Actor, Call, Env, Instance, OpError, OpKind, Opener, ParamSpec, Subject, SubjectError, Variant,
};
use racehunt_sync::{Mutex as Lock, fs};
use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub(crate) struct Files;

impl Subject for Files {
    fn name(&self) -> &'static str {
        "files"
    }
    fn about(&self) -> &'static str {
        "Ids in files."
    }
    fn variants(&self) -> &'static [Variant] {
        &[]
    }
    fn ops(&self) -> &'static [OpKind] {
        &[OpKind { name: "put", about: "keeps one id" }, OpKind { name: "spoil", about: "what the variant is for" }]
    }
    fn params(&self) -> Vec<ParamSpec> {
        Vec::new()
    }
    fn open(&self, variant: &str, _: &Params, env: &Env) -> Result<Opener, SubjectError> {
        let dir = env.dir.clone().ok_or_else(|| SubjectError::Resource("no directory".to_owned()))?;
        if env.process.is_some() && env.host.as_deref() != Some("here") {
            return Err(SubjectError::Resource(format!("host is {:?}", env.host)));
        }
        let (variant, process, alone) = (variant.to_owned(), env.process, env.processes < 2);
        let opened = AtomicU64::new(0);
        Ok(Box::new(move || {
            let (mut dir, variant) = (dir.clone(), variant.clone());
            if alone {
                // All objects of a trial are in one directory then.
                dir.push(opened.fetch_add(1, Ordering::Relaxed).to_string());
                fs::create_dir(&dir).expect("the directory is there");
            }
            let (samples, late) = (AtomicU64::new(0), Mutex::default());
            Arc::new(Store { dir, variant, process, alone, samples, late })
        }))
    }
}

struct Store {
    dir: PathBuf,
    variant: String,
    process: Option<usize>,
    alone: bool,
    samples: AtomicU64,
    /// Ids that are kept only when the instance is dropped.
    late: Mutex<Vec<Id>>,
}

impl Store {
    /// Every id has a file of its own.
    fn keep(&self, id: Id) -> Result<(), OpError> {
        let file = fs::File::options().write(true).create_new(true).open(self.dir.join(id.0.to_string()));
        file.map(drop).map_err(|e| OpError { kind: "create", message: e.to_string() })
    }

    /// All ids are in one file, which is read, changed and replaced: who does so at the same time undoes it.
    fn replace(&self, id: Id) {
        let all = self.dir.join("all");
        let mut text = fs::read_to_string(&all).unwrap_or_default();
        text.push_str(&format!("{}\n", id.0));
        let new = self.dir.join(format!("new-{}", id.0));
        fs::write(&new, text).expect("the directory is there");
        fs::rename(new, all).expect("the directory is there");
    }

    fn spoil(&self, actor: &mut Actor) -> Result<(), OpError> {
        match self.variant.as_str() {
            "aborts" => {
                let _ = writeln!(std::io::stderr(), "about to abort");
                std::process::abort();
            }
            "exits" => std::process::exit(3),
            "one-hangs" if self.process == Some(1) => {
                std::thread::sleep(Duration::from_millis(100));
                std::process::abort();
            }
            "locks-up" => {
                let lock = Lock::new(());
                let _held = lock.lock().expect("free");
                drop(lock.lock());
                Ok(())
            }
            "hangs" | "one-hangs" => loop {
                std::thread::sleep(Duration::from_secs(600));
            },
            "fills" => {
                std::thread::sleep(Duration::from_millis(1));
                let mut file =
                    fs::File::options().create(true).append(true).open(self.dir.join("waste")).expect("a file");
                file.write_all(&[7; 64 * 1024]).map_err(|e| OpError { kind: "write", message: e.to_string() })
            }
            "panics" => panic!("spoilt"),
            "repeats" => {
                let id = actor.next_id();
                actor.ledger.delivered.push(id);
                actor.ledger.accepted.push(id);
                self.keep(id)
            }
            other => panic!("{other} has no such op"),
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        match (self.variant.as_str(), self.process) {
            ("aborts-at-drop", Some(_)) => std::process::abort(),
            ("panics-at-drop", Some(_)) => panic!("spoilt at its drop"),
            ("hangs-at-drop", Some(_)) => std::thread::sleep(Duration::from_secs(600)),
            ("late", Some(_)) => {
                // Long enough for a coordinator that does not wait to be at rest.
                std::thread::sleep(Duration::from_millis(20));
                let late = std::mem::take(self.late.get_mut().expect("nobody panics here"));
                late.into_iter().for_each(|id| self.keep(id).expect("the directory is there"));
            }
            _ => {}
        }
    }
}

impl Instance for Store {
    fn apply(&self, call: Call, actor: &mut Actor) -> Result<(), OpError> {
        let here = if self.alone { None } else { Some(actor.process as usize) };
        assert_eq!(self.process, here, "an actor where it does not belong");
        if call.op == 1 {
            return self.spoil(actor);
        }
        match self.variant.as_str() {
            "one-file" => {
                let id = actor.next_id();
                self.replace(id);
                actor.ledger.accepted.push(id);
            }
            "late" => {
                let id = actor.next_id();
                self.late.lock().expect("nobody panics here").push(id);
                actor.ledger.accepted.push(id);
            }
            "marks" => {
                let from = actor.now();
                let id = actor.offer();
                let answer = if self.keep(id).is_ok() { Answer::Yes } else { Answer::No };
                actor.note(from, What::Put { id, answer, evicted: Vec::new() });
            }
            _ => {
                let id = actor.next_id();
                self.keep(id)?;
                actor.ledger.accepted.push(id);
            }
        }
        Ok(())
    }

    fn rest(&self, ledger: &mut Ledger) {
        assert!(self.process.is_none(), "a member never rests");
        if self.variant == "never-rests" {
            std::thread::sleep(Duration::from_secs(600));
        }
        let names = fs::read_dir(&self.dir).expect("the directory is there").flatten();
        let names = names.filter_map(|entry| entry.file_name().into_string().ok());
        ledger.retained.extend(names.filter_map(|name| name.parse().ok()).map(Id));
        let all = fs::read_to_string(self.dir.join("all")).unwrap_or_default();
        ledger.retained.extend(all.lines().filter_map(|line| line.parse().ok()).map(Id));
    }

    fn violations(&self) -> Vec<Violation> {
        let complains = self.variant == "complains" && self.process == Some(1);
        let (kind, detail, message) = (FindingKind::Invariant, "own".to_owned(), "one member complains".to_owned());
        complains.then_some(Violation { kind, detail, message, ids: Vec::new() }).into_iter().collect()
    }

    fn seen(&self) -> Seen {
        let peak = self.samples.load(Ordering::Relaxed);
        Seen { gauges: vec![Gauge { name: "samples".to_owned(), peak, bound: None }], ..Seen::default() }
    }

    fn sample(&self) {
        self.samples.fetch_add(1, Ordering::Relaxed);
    }

    fn address(&self) -> Option<String> {
        Some("here".to_owned())
    }
}
