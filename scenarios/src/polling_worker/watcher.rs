//! What tells as-shipped of events: the `notify` crate's thread, or a thread of our own at a [`Bell`].

use super::bell::{Bell, Event};
use super::store::{Source, Store};
use notify::event::{EventKind, ModifyKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use racehunt_sync::Arc;
use racehunt_sync::thread::{Builder, JoinHandle};
use std::io::Write;
use std::path::PathBuf;

/// Calls the handler for each event.
pub(super) enum Watcher {
    /// A thread of our own, which stopping waits for, as Python's `watchdog` has it.
    Own { bell: Arc<Bell>, thread: Option<JoinHandle<()>> },
    /// The crate's thread, which ends by itself some time after the watcher is dropped.
    Notify { watcher: Option<RecommendedWatcher>, sentinel: PathBuf },
}

type Handler = Arc<dyn Fn(Event) + Send + Sync>;

impl Watcher {
    /// Watches at a bell; the handler is called from [`Watcher::begin`] on.
    pub(super) fn own(bell: Arc<Bell>) -> Self {
        bell.watch();
        Self::Own { bell, thread: None }
    }

    /// Watches the real files, each by its inode, and the directory of tasks.
    pub(super) fn notify(store: &Store, handler: Handler) -> notify::Result<Self> {
        let sentinel = store.files.dir().join("drained");
        std::fs::write(&sentinel, "")?;
        let watched: Vec<_> = store.sources().iter().map(|source| (*source, source.path(&store.files))).collect();
        let paths = watched.clone();
        let at = sentinel.clone();
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let Ok(event) = event else { return };
            let Some(path) = event.paths.first() else { return };
            if *path == at {
                if is_write(event.kind) {
                    handler(Event::Drained);
                }
            } else if let Some((source, _)) = paths.iter().find(|(_, known)| path.starts_with(known)) {
                handler(of_kind(event.kind, *source));
            }
        })?;
        for path in watched.iter().map(|(_, path)| path).chain([&sentinel]) {
            watcher.watch(path, RecursiveMode::NonRecursive)?;
        }
        Ok(Self::Notify { watcher: Some(watcher), sentinel })
    }

    /// Starts the own thread; the crate's has begun by itself.
    pub(super) fn begin(&mut self, handler: Handler) {
        if let Self::Own { bell, thread } = self {
            let bell = Arc::clone(bell);
            let watch = move || {
                while let Some(event) = bell.next() {
                    handler(event);
                }
            };
            *thread = Some(Builder::new().name("watcher".to_owned()).spawn(watch).expect("a thread can be started"));
        }
    }

    /// Has [`Event::Drained`] told after everything that has happened up to now. (An inotify instance tells in order.)
    pub(super) fn drain(&self) {
        match self {
            Self::Own { bell, .. } => bell.drain(),
            Self::Notify { sentinel, .. } => {
                let opened = std::fs::OpenOptions::new().append(true).open(sentinel);
                opened.and_then(|mut file| file.write_all(b".")).expect("the sentinel can be written");
            }
        }
    }

    /// Ends it, and waits for the own thread.
    pub(super) fn stop(&mut self) {
        match self {
            Self::Own { bell, thread } => {
                bell.close();
                if let Some(thread) = thread.take() {
                    let _ = thread.join();
                }
            }
            Self::Notify { watcher, .. } => drop(watcher.take()),
        }
    }
}

fn is_write(kind: EventKind) -> bool {
    matches!(kind, EventKind::Modify(ModifyKind::Data(_) | ModifyKind::Any))
}

fn of_kind(kind: EventKind, source: Source) -> Event {
    match kind {
        // A file has come into the directory that is watched.
        EventKind::Modify(ModifyKind::Name(_)) if source == Source::Tasks => Event::Modified(source),
        EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_)) => Event::Removed(source),
        kind if is_write(kind) => Event::Modified(source),
        _ => Event::Read(source),
    }
}
