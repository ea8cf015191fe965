//! The fix that was published, 0.30.0 and later: the whole excess is evicted at once, and nobody minds a file that is gone.
//!
//! No trace is dropped any more because two processes evict the same one, and the cap is back at the next store after
//! it was exceeded. Between the look and the write there is still time for the others (TB2); files are still written
//! where they are read (TB3, TB4), after the eviction (TB5), and the listing and the replay are as they were (TB6 to
//! TB9).

use super::in_place::{self, glob, modified};
use super::{Body, BufferError, Client, Item, Replayed, Settings, Status, StoreError, Stored, TraceBuffer, Watch};
use racehunt_core::history::Why;
use racehunt_sync::{Mutex, MutexGuard, PoisonError, fs, process};
use std::io;
use std::path::{Path, PathBuf};

/// One lock for each instance; each store looks at every file.
pub struct PublishedFix {
    settings: Settings,
    lock: Mutex<()>,
}

impl PublishedFix {
    /// Opens the buffer and makes its directory.
    ///
    /// # Errors
    /// When the directory cannot be made.
    pub fn new(settings: Settings) -> Result<Self, BufferError> {
        fs::create_dir_all(&settings.dir).map_err(|source| BufferError::Io { step: "make the directory", source })?;
        Ok(Self { settings, lock: Mutex::new(()) })
    }

    fn lock(&self) -> MutexGuard<'_, ()> {
        self.lock.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn make_room(&self, watch: &mut dyn Watch) -> Result<(), StoreError> {
        let files = glob(&self.settings.dir).map_err(|source| StoreError::Io { step: "list", source })?;
        let mut aged: Vec<_> = files.into_iter().filter_map(|file| Some((modified(&file).ok()?, file))).collect();
        if aged.len() < self.settings.cap {
            return Ok(());
        }
        aged.sort_by_key(|(age, _)| *age);
        let excess = aged.len() - self.settings.cap + 1;
        for (_, file) in &aged[..excess] {
            // What cannot be removed stays, and the cap with it.
            let _ = in_place::unlink(file, Why::Evict, watch);
        }
        Ok(())
    }

    fn new_file(&self) -> PathBuf {
        let (ms, pid, uuid) = ((self.settings.now_ms)(), process::id(), (self.settings.uuid)());
        self.settings.dir.join(format!("trace_{ms}_{pid}_{uuid:032x}.json"))
    }

    fn delete(&self, file: &Path, why: Why, watch: &mut dyn Watch) -> io::Result<bool> {
        let _guard = self.lock();
        in_place::unlink(file, why, watch)
    }
}

impl TraceBuffer for PublishedFix {
    fn store(&self, body: &dyn Body, watch: &mut dyn Watch) -> Result<Stored, StoreError> {
        if self.settings.cap == 0 {
            return Err(StoreError::Disabled);
        }
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

    /// Counts every unlink that did not fail, and so the files that another has removed in the meantime (TB9).
    fn clear(&self, watch: &mut dyn Watch) -> Result<u64, BufferError> {
        let _guard = self.lock();
        let files = glob(&self.settings.dir).unwrap_or_default();
        Ok(files.iter().filter(|file| in_place::unlink(file, Why::Clear, watch).is_ok()).count() as u64)
    }

    fn replay(&self, client: &dyn Client, max_retries: u32, watch: &mut dyn Watch) -> Result<Replayed, BufferError> {
        let items = {
            let _guard = self.lock();
            in_place::list(&self.settings, Some(watch))
        };
        Ok(in_place::replay(&items, client, max_retries.max(1), |file| self.delete(file, Why::Deliver, watch)))
    }
}
