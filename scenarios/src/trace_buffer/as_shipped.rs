//! As shipped, up to 0.29.1: one file is evicted for each that is stored, whatever the other processes do.
//!
//! The lock is the instance's, so it orders the threads of one process that share one instance, and nothing else. Any
//! file that another process takes away ends the store with an error, and the new trace is dropped. The trace is
//! serialised into the file, when the oldest has been given up already.

use super::in_place::{self, glob, modified};
use super::{Body, BufferError, Client, Item, Replayed, Settings, Status, StoreError, Stored, TraceBuffer, Watch};
use racehunt_core::history::Why;
use racehunt_sync::{Mutex, MutexGuard, PoisonError, fs, process};
use std::io;
use std::path::{Path, PathBuf};

/// The cap of whoever sets none; and of whoever sets 0 (TB13).
const DEFAULT_CAP: usize = 1_000;

/// One lock for each instance; one eviction for each store.
pub struct AsShipped {
    settings: Settings,
    lock: Mutex<()>,
}

impl AsShipped {
    /// Opens the buffer and makes its directory. A cap of 0 becomes 1,000, as in the package (TB13).
    ///
    /// # Errors
    /// When the directory cannot be made.
    pub fn new(mut settings: Settings) -> Result<Self, BufferError> {
        if settings.cap == 0 {
            settings.cap = DEFAULT_CAP;
        }
        fs::create_dir_all(&settings.dir).map_err(|source| BufferError::Io { step: "make the directory", source })?;
        Ok(Self { settings, lock: Mutex::new(()) })
    }

    fn lock(&self) -> MutexGuard<'_, ()> {
        self.lock.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn make_room(&self, watch: &mut dyn Watch) -> Result<(), StoreError> {
        let files = glob(&self.settings.dir).map_err(|source| StoreError::Io { step: "list", source })?;
        if files.len() < self.settings.cap {
            return Ok(());
        }
        let mut oldest = None;
        for file in files {
            let age = modified(&file).map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => StoreError::VanishedStat(file.clone()),
                _ => StoreError::Io { step: "stat", source: error },
            })?;
            if oldest.as_ref().is_none_or(|(least, _)| age < *least) {
                oldest = Some((age, file));
            }
        }
        let Some((_, oldest)) = oldest else {
            return Ok(());
        };
        match in_place::unlink(&oldest, Why::Evict, watch) {
            Ok(true) => Ok(()),
            Ok(false) => Err(StoreError::VanishedUnlink(oldest)),
            Err(source) => Err(StoreError::Io { step: "unlink", source }),
        }
    }

    /// Unique by millisecond, process and 32 bits: enough, unless clock and ids are stubbed (TB12).
    fn new_file(&self) -> PathBuf {
        let (ms, pid, uuid) = ((self.settings.now_ms)(), process::id(), (self.settings.uuid)());
        self.settings.dir.join(format!("trace_{ms}_{pid}_{:08x}.json", uuid >> 96))
    }

    fn delete(&self, file: &Path, why: Why, watch: &mut dyn Watch) -> io::Result<bool> {
        let _guard = self.lock();
        in_place::unlink(file, why, watch)
    }
}

impl TraceBuffer for AsShipped {
    fn store(&self, body: &dyn Body, watch: &mut dyn Watch) -> Result<Stored, StoreError> {
        let _guard = self.lock();
        self.make_room(watch)?;
        in_place::write(&self.settings, self.new_file(), body)
    }

    fn list(&self) -> Result<Vec<Item>, BufferError> {
        let _guard = self.lock();
        Ok(in_place::list(&self.settings, None))
    }

    fn status(&self) -> Result<Status, BufferError> {
        let _guard = self.lock();
        in_place::status(&self.settings, self.settings.cap)
    }

    fn remove(&self, file: &Path, watch: &mut dyn Watch) -> Result<bool, BufferError> {
        self.delete(file, Why::Clear, watch).map_err(|source| BufferError::Io { step: "unlink", source })
    }

    /// Counts the files of the listing, and says 0 when one of them cannot be removed, whatever is gone by then (TB13).
    fn clear(&self, watch: &mut dyn Watch) -> Result<u64, BufferError> {
        let _guard = self.lock();
        let Ok(files) = glob(&self.settings.dir) else {
            return Ok(0);
        };
        let cleared = files.iter().try_for_each(|file| in_place::unlink(file, Why::Clear, watch).map(drop));
        Ok(if cleared.is_ok() { files.len() as u64 } else { 0 })
    }

    /// Without retries there is no attempt either: nothing is sent, and nothing has failed (TB13).
    fn replay(&self, client: &dyn Client, max_retries: u32, watch: &mut dyn Watch) -> Result<Replayed, BufferError> {
        let items = {
            let _guard = self.lock();
            in_place::list(&self.settings, Some(watch))
        };
        Ok(in_place::replay(&items, client, max_retries, |file| self.delete(file, Why::Deliver, watch)))
    }
}
