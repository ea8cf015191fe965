//! One live system in an execution: programs that rewrite files, and a worker.

use super::bell::Bell;
use super::effects::{AtOnce, Effects, Unwatched};
use super::notes::Notes;
use super::plan::{Kind, Plan, Role};
use super::store::{Source, Store, joined, parse};
use super::watched::{self, Watched};
use super::worker::{self, End};
use super::writers::Writers;
use super::{Files, Item, Standing, Vitals, Work};
use racehunt_core::history::{Answer, What};
use racehunt_core::id::Id;
use racehunt_core::ledger::Ledger;
use racehunt_core::observation::{Gauge, Seen, View, Violation};
use racehunt_core::subject::{Actor, Call, Instance, OpError, OpKind};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

/// The ops, in the order of their numbers. The argument of those that rewrite is the source: 0 ideas,
/// 1 retry, 2 tasks if there are any.
pub(super) const OPS: [OpKind; 10] = [
    OpKind {
        name: "work",
        about: "runs a worker (of generation `arg`) until `writes` calls have ended and it has seen them",
    },
    OpKind { name: "add", about: "a producer adds an open item to file `arg`" },
    OpKind { name: "hold", about: "a producer adds an item on hold to file `arg`" },
    OpKind { name: "open", about: "the retry manager opens all that is on hold in file `arg`: its length stays" },
    OpKind {
        name: "overwrite",
        about: "adds an item on hold to file `arg` in place, as no program of the system does",
    },
    OpKind { name: "idle", about: "does nothing for as long as the worker's loop sleeps" },
    watched::OPS[0],
    watched::OPS[1],
    watched::OPS[2],
    watched::OPS[3],
];
/// The first of [`watched::OPS`].
const OWN: usize = OPS.len() - watched::OPS.len();
const WORK: usize = 0;
const ADD: usize = 1;
const HOLD: usize = 2;
const OPEN: usize = 3;
const IDLE: usize = 5;

/// The actor whose items are there before all others start.
const BEFORE_ALL: u32 = 0xfffd;

/// What a worker ran to: how it ended, and what it took the files to hold.
pub(super) fn run_worker(
    plan: &Plan,
    (store, bell): (&Arc<Store>, Option<&Arc<Bell>>),
    notes: &Arc<Notes>,
    (work, vitals): (&mut dyn Work, &mut dyn Vitals),
    ended: &dyn Fn() -> bool,
) -> (End, Vec<View>) {
    let mut notice = plan.notice(store, bell, notes);
    let mut desk = Plan::desk(notes);
    let end = worker::run(&mut desk, &mut *notice, work, vitals, ended);
    let view = |source: &Source| View {
        name: source.name().to_owned(),
        shown: desk.shown(*source).unwrap_or_default().to_owned(),
        there: String::new(),
    };
    (end, store.sources().iter().map(view).collect())
}

/// One live system in one directory.
pub(super) struct WorkerInstance {
    plan: Arc<Plan>,
    files: Files,
    store: Arc<Store>,
    bell: Option<Arc<Bell>>,
    writers: Writers,
    effects: Arc<Effects>,
    watched: Option<Watched>,
    notes: Arc<Notes>,
    /// What the worker took the files to hold when it had settled.
    views: Mutex<Vec<View>>,
}

impl WorkerInstance {
    /// A fresh one, with its files.
    pub(super) fn new(plan: Arc<Plan>) -> Self {
        plan.begin();
        let (files, bell) = (plan.files(), plan.bell());
        let effects = Arc::new(plan.effects(&files));
        let instance = Self {
            store: Arc::new(plan.store(files.clone(), bell.clone())),
            writers: Writers::new(&files, plan.role, plan.knobs.writes),
            notes: Arc::new(Notes::new(plan.kind != Kind::AsShipped)),
            watched: Watched::new(&plan, &files),
            views: Mutex::default(),
            plan,
            files,
            bell,
            effects,
        };
        if instance.plan.role != Role::One {
            instance.prefill().expect("the trial's directory can be used");
        }
        instance
    }

    /// Items before all: how many of them are in the file, and their standing.
    fn before(&self, source: Source) -> (u64, Standing) {
        match source {
            Source::Ideas => (self.plan.knobs.prefill, Standing::Open),
            Source::Retry => (self.plan.knobs.held, Standing::Hold),
            Source::Tasks => (0, Standing::Open),
        }
    }

    fn items_before(&self, source: Source) -> Vec<Item> {
        let (count, standing) = self.before(source);
        let first = if source == Source::Ideas { 0 } else { self.plan.knobs.prefill };
        (first..first + count).map(|serial| Item { id: Id::new(BEFORE_ALL, serial), standing }).collect()
    }

    fn prefill(&self) -> io::Result<()> {
        racehunt_sync::fs::create_dir_all(self.files.dir())?;
        for source in self.store.sources() {
            let path = source.path(&self.files);
            match source {
                Source::Tasks => racehunt_sync::fs::create_dir(path)?,
                file => racehunt_sync::fs::write(path, serde_json::to_string(&self.items_before(*file))?)?,
            }
        }
        Ok(())
    }

    fn work(&self, generation: u32) -> Result<(), OpError> {
        // Generations know nothing of what others have loaded.
        let notes = match &self.watched {
            Some(watched) => watched.notes_of(self.plan.kind),
            None => Arc::clone(&self.notes),
        };
        let mut run = |work: &mut dyn Work, vitals: &mut dyn Vitals, ended: &dyn Fn() -> bool| {
            let with = (&self.store, self.bell.as_ref());
            let (end, views) = run_worker(&self.plan, with, &notes, (work, vitals), ended);
            // A worker that does not hear its watcher out never said that it had seen everything.
            if end == End::Settled && !self.plan.knobs.stops_at_once {
                self.keep_views(views);
            }
        };
        let ended = || self.writers.ended();
        match &self.watched {
            Some(watched) => watched.work(generation, &ended, &mut run),
            None => {
                run(&mut AtOnce(Arc::clone(&self.effects)), &mut Unwatched, &ended);
                Ok(())
            }
        }
    }

    fn keep_views(&self, views: Vec<View>) {
        if self.plan.role == Role::One {
            let text = serde_json::to_string(&views).expect("plain data");
            std::fs::write(self.kept_views(), text).expect("the trial's directory can be written to");
        }
        *self.views.lock().unwrap_or_else(PoisonError::into_inner) = views;
    }

    /// Where a worker in a process of its own leaves its views for whoever judges them.
    fn kept_views(&self) -> PathBuf {
        self.files.dir().join("views")
    }

    fn add(&self, source: Source, standing: Standing, overwrites: bool, actor: &mut Actor) -> Result<(), OpError> {
        let from = actor.now();
        let id = actor.offer();
        let item = Item { id, standing };
        let added = if overwrites {
            self.store.overwrite(source, |items| items.push(item))
        } else {
            let added = self.store.change(source, |items| {
                items.push(item);
                true
            });
            added.map(drop)
        };
        // It does not say how far it came.
        let answer = if added.is_ok() { Answer::Yes } else { Answer::Unknown };
        actor.note(from, What::Put { id, answer, evicted: Vec::new() });
        added.map_err(|error| OpError { kind: "io", message: error.to_string() })
    }

    /// One that somebody who watches makes.
    fn watch(&self, op: usize, arg: u32) -> Result<(), OpError> {
        let Some(watched) = &self.watched else {
            return Err(OpError { kind: "refused", message: "nobody watches: set params.beat_ms".to_owned() });
        };
        let done = watched.apply(op, arg);
        if op == watched::MONITOR {
            self.write_ended();
        }
        done
    }

    /// One of `writes` calls has ended.
    fn write_ended(&self) {
        self.writers.end();
        if let Some(watched) = self.watched.as_ref().filter(|_| self.writers.ended()) {
            watched.close();
        }
    }

    fn open(&self, source: Source) -> Result<(), OpError> {
        let opened = self.store.change(source, |items| {
            let held = items.iter_mut().filter(|item| item.standing == Standing::Hold);
            held.map(|item| item.standing = Standing::Open).count() > 0
        });
        opened.map(drop).map_err(|error| OpError { kind: "io", message: error.to_string() })
    }

    /// What a file holds at rest.
    fn there(&self, source: Source) -> String {
        let path = source.path(&self.files);
        if source == Source::Tasks {
            return joined(self.contents(&path));
        }
        self.text(&path)
    }

    /// What stands in one of the files of the directory, or nothing. No step.
    fn text(&self, path: &Path) -> String {
        let found = self.contents(self.files.dir()).into_iter().find(|(found, _)| found == path);
        String::from_utf8_lossy(&found.unwrap_or_default().1).into_owned()
    }

    /// The files of a directory, without a step.
    fn contents(&self, dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
        #[cfg(feature = "hunt")]
        if self.plan.model {
            return racehunt_sync::fs::model::peek(dir);
        }
        let Ok(entries) = std::fs::read_dir(dir) else { return Vec::new() };
        let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
        paths.filter_map(|path| Some((path.clone(), std::fs::read(path).ok()?))).collect()
    }

    fn views(&self) -> Vec<View> {
        if self.plan.role == Role::Beside {
            let text = std::fs::read_to_string(self.kept_views()).unwrap_or_default();
            return serde_json::from_str(&text).unwrap_or_default();
        }
        if self.watched.as_ref().is_some_and(Watched::is_crowded) {
            return Vec::new();
        }
        if let Some(views) = self.watched.as_ref().map(Watched::take_views).filter(|views| !views.is_empty()) {
            return views;
        }
        std::mem::take(&mut *self.views.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Instance for WorkerInstance {
    fn apply(&self, call: Call, actor: &mut Actor) -> Result<(), OpError> {
        match call.op {
            WORK => return self.work(call.arg),
            IDLE => {
                racehunt_sync::thread::sleep(self.plan.knobs.poll);
                return Ok(());
            }
            _ => {}
        }
        if let Some(op) = call.op.checked_sub(OWN) {
            return self.watch(op, call.arg);
        }
        let sources = self.store.sources();
        let source = sources[call.arg as usize % sources.len()];
        let done = match call.op {
            ADD => self.add(source, Standing::Open, false, actor),
            HOLD => self.add(source, Standing::Hold, false, actor),
            OPEN => self.open(source),
            _ => self.add(source, Standing::Hold, true, actor),
        };
        self.write_ended();
        done
    }

    fn rest(&self, ledger: &mut Ledger) {
        if self.plan.role == Role::One {
            return;
        }
        if let Some(watched) = &self.watched {
            watched.drain();
        }
        let all_seen = self.watched.as_ref().is_some_and(|watched| watched.has_seen_all(&self.views));
        for source in self.store.sources().iter().copied() {
            ledger.accepted.extend(self.items_before(source).iter().map(|item| item.id));
            let left = parse(&self.there(source)).unwrap_or_default();
            // Whoever says that it has seen everything has nothing in its queue.
            let kept = |standing| standing == Standing::Hold || (standing == Standing::Open && !all_seen);
            let undone = left.iter().filter(|item| kept(item.standing));
            ledger.retained.extend(undone.map(|item| item.id));
        }
        ledger.delivered.extend(match &self.watched {
            Some(_) => watched::delivered(&self.text(&self.files.effects())),
            None => self.effects.all(),
        });
    }

    fn violations(&self) -> Vec<Violation> {
        let watched = self.watched.iter().flat_map(Watched::take_violations);
        self.notes.take_violations().into_iter().chain(watched).collect()
    }

    fn seen(&self) -> Seen {
        if self.plan.role == Role::One {
            return Seen::default();
        }
        let mut views = self.views();
        for (view, source) in views.iter_mut().zip(self.store.sources().iter().copied()) {
            view.there = self.there(source);
        }
        let events = self.notes.events.load(Ordering::Relaxed);
        let (writes, watched) = (self.plan.knobs.writes.max(1), self.plan.kind == Kind::AsShipped);
        let gauge = Gauge {
            name: "events-per-write".to_owned(),
            peak: events.div_ceil(writes),
            bound: (watched && self.plan.role == Role::All).then_some(self.plan.knobs.storm),
        };
        let health = self.watched.as_ref().map(Watched::health);
        let figures = self.watched.as_ref().zip(health.as_ref()).map(|(watched, health)| watched.gauges(health));
        let gauges = std::iter::once(gauge).chain(figures.unwrap_or_default()).collect();
        Seen { gauges, views, health, ..Seen::default() }
    }
}

impl Drop for WorkerInstance {
    fn drop(&mut self) {
        if !self.plan.model && self.plan.role == Role::All {
            // The trial's directory goes in the end with all that is in it; this only keeps it small.
            let _ = std::fs::remove_dir_all(self.files.dir());
        }
    }
}
