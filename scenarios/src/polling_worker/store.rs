//! The item files: how they are read, and how a variant's programs rewrite them.

use super::bell::Bell;
use super::{Files, Item, Standing};
use crate::lock_file;
use racehunt_core::id::Id;
use racehunt_sync::fs::{self, OpenOptions};
use racehunt_sync::{Arc, thread};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Where items stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// What producers add to: a file of all items.
    Ideas,
    /// What the retry manager opens: a file of all items.
    Retry,
    /// A directory with a file for each item; its text is that of all of them, in the order of their names.
    Tasks,
}

impl Source {
    pub(super) const ALL: [Self; 3] = [Self::Ideas, Self::Retry, Self::Tasks];

    pub(super) fn path(self, files: &Files) -> PathBuf {
        match self {
            Self::Ideas => files.ideas(),
            Self::Retry => files.retry(),
            Self::Tasks => files.tasks(),
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ideas => "ideas",
            Self::Retry => "retry",
            Self::Tasks => "tasks",
        }
    }
}

/// How the programs of a variant rewrite a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rewriting {
    /// To a temporary file that is then renamed: no reader sees half of it, and whoever has read before writes over it.
    Replace,
    /// Where it is read.
    InPlace,
    /// As `Replace`, with reading, changing and renaming under one lock for all programs.
    Locked,
}

/// The text of a directory of tasks, of its files by name.
pub(super) fn joined(mut files: Vec<(PathBuf, Vec<u8>)>) -> String {
    files.sort();
    let texts: Vec<_> = files.iter().map(|(_, bytes)| String::from_utf8_lossy(bytes)).collect();
    format!("[{}]", texts.join(","))
}

/// What a file holds, if it parses.
pub(super) fn parse(text: &str) -> Option<Vec<Item>> {
    serde_json::from_str(text).ok()
}

/// Reads and rewrites the files, for one program.
pub(super) struct Store {
    pub(super) files: Files,
    rewriting: Rewriting,
    tasks: bool,
    /// How long an in-place write takes between its steps.
    gap: Duration,
    /// Told of what is done to the files, where nobody else tells the watcher.
    bell: Option<Arc<Bell>>,
    /// Makes the names of temporary files differ, together with the process's number.
    temps: AtomicU64,
}

/// Times a torn file is read again before a program gives up, and how long it waits in between.
const ATTEMPTS: usize = 100;
const AGAIN: Duration = Duration::from_millis(1);

impl Store {
    pub(super) fn new(files: Files, rewriting: Rewriting, gap: Duration, bell: Option<Arc<Bell>>) -> Self {
        Self { files, rewriting, tasks: false, gap, bell, temps: AtomicU64::new(0) }
    }

    /// With a directory of tasks.
    pub(super) fn with_tasks(self, tasks: bool) -> Self {
        Self { tasks, ..self }
    }

    /// The sources that a worker minds: the tasks only if there is a directory of them.
    pub(super) fn sources(&self) -> &'static [Source] {
        if self.tasks { &Source::ALL } else { &Source::ALL[..2] }
    }

    /// The content of a source, whole or torn.
    pub(super) fn read(&self, source: Source) -> io::Result<String> {
        let path = source.path(&self.files);
        let text = if source == Source::Tasks {
            let paths = fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
            let read = paths.into_iter().map(|path| Ok((path.clone(), fs::read(path)?)));
            joined(read.collect::<io::Result<_>>()?)
        } else {
            String::from_utf8_lossy(&fs::read(path)?).into_owned()
        };
        if let Some(bell) = &self.bell {
            bell.read(source);
        }
        Ok(text)
    }

    /// How big a source is: bytes of a file, files of a directory.
    pub(super) fn size(&self, source: Source) -> io::Result<u64> {
        let path = source.path(&self.files);
        if source == Source::Tasks { Ok(fs::read_dir(path)?.count() as u64) } else { Ok(fs::metadata(path)?.len()) }
    }

    /// Reads, changes and rewrites. Returns what is in the file now, or `None` if `change` says that there is nothing to
    /// change.
    pub(super) fn change(
        &self,
        source: Source,
        change: impl FnOnce(&mut Vec<Item>) -> bool,
    ) -> io::Result<Option<String>> {
        let _section = match self.rewriting {
            Rewriting::Locked => Some(lock_file::enter(&self.files.lock())?),
            Rewriting::Replace | Rewriting::InPlace => None,
        };
        let mut items = self.read_whole(source)?;
        let before = items.clone();
        if !change(&mut items) {
            return Ok(None);
        }
        if source == Source::Tasks {
            items.sort_by_key(|item| item.id);
        }
        let text = serde_json::to_string(&items)?;
        match self.rewriting {
            _ if source == Source::Tasks => self.replace_tasks(&before, &items)?,
            Rewriting::InPlace => self.write_in_place(source, &text)?,
            Rewriting::Replace | Rewriting::Locked => self.replace(source, &source.path(&self.files), &text)?,
        }
        Ok(Some(text))
    }

    /// As [`Store::change`] of a file of items, by a program that knows of no rules: as `rsync --inplace --preallocate`
    /// writes.
    pub(super) fn overwrite(&self, source: Source, change: impl FnOnce(&mut Vec<Item>)) -> io::Result<()> {
        let mut items = self.read_whole(source)?;
        change(&mut items);
        self.write_in_place(source, &serde_json::to_string(&items)?)
    }

    /// Marks an item as done; what is in the file then, if it was there and not done.
    pub(super) fn mark(&self, source: Source, id: Id) -> io::Result<Option<String>> {
        self.change(source, |items| {
            let open = items.iter_mut().find(|item| item.id == id && item.standing != Standing::Done);
            open.map(|item| item.standing = Standing::Done).is_some()
        })
    }

    /// A torn file is somebody's who is writing: it is read again.
    fn read_whole(&self, source: Source) -> io::Result<Vec<Item>> {
        for _ in 0..ATTEMPTS {
            if let Some(items) = parse(&self.read(source)?) {
                return Ok(items);
            }
            thread::sleep(AGAIN);
        }
        Err(io::Error::new(io::ErrorKind::InvalidData, "torn whenever it was read"))
    }

    /// Whoever writes one task touches no other.
    fn replace_tasks(&self, before: &[Item], items: &[Item]) -> io::Result<()> {
        for item in items.iter().filter(|item| !before.contains(item)) {
            let path = self.files.tasks().join(format!("{:016x}.json", item.id.0));
            self.replace(Source::Tasks, &path, &serde_json::to_string(item)?)?;
        }
        Ok(())
    }

    fn replace(&self, source: Source, path: &Path, text: &str) -> io::Result<()> {
        let (pid, n) = (racehunt_sync::process::id(), self.temps.fetch_add(1, Ordering::Relaxed));
        let temp = self.files.dir().join(format!(".tmp-{pid}-{n}"));
        fs::write(&temp, text)?;
        fs::rename(&temp, path)?;
        match &self.bell {
            // The directory is the same as before.
            Some(bell) if source == Source::Tasks => bell.modified(source),
            Some(bell) => bell.replaced(source),
            None => {}
        }
        Ok(())
    }

    /// The file has its length before it has its content.
    fn write_in_place(&self, source: Source, text: &str) -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).open(source.path(&self.files))?;
        file.set_len(text.len() as u64)?;
        let (first, second) = text.as_bytes().split_at(text.len() / 2);
        for half in [first, second] {
            if !self.gap.is_zero() {
                thread::sleep(self.gap);
            }
            file.write_all(half)?;
            if let Some(bell) = &self.bell {
                bell.modified(source);
            }
        }
        Ok(())
    }
}
