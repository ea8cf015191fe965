//! `File`.

use std::fmt;
use std::fs::{self, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::panic::Location;
use std::path::Path;
use std::time::SystemTime;

use super::OpenOptions;
use super::entries::Metadata;
use super::faults::{self, Call};
use super::flock;
use super::handle::Handle;
use super::step::native;
use super::weak;
use crate::perturb;

/// [`std::fs::File`] under the engine that is current when it is opened.
pub struct File(Inner);

enum Inner {
    Native(fs::File),
    Model(Handle),
}

impl File {
    pub(super) fn native(file: fs::File) -> Self {
        Self(Inner::Native(file))
    }

    pub(super) fn model(handle: Handle) -> Self {
        Self(Inner::Model(handle))
    }

    /// Opens a file to read it.
    ///
    /// # Errors
    ///
    /// As std's.
    #[track_caller]
    pub fn open<P: AsRef<Path>>(path: P) -> io::Result<Self> {
        OpenOptions::new().read(true).open(path)
    }

    /// Opens a file to write it, empty; makes it if there is none.
    ///
    /// # Errors
    ///
    /// As std's.
    #[track_caller]
    pub fn create<P: AsRef<Path>>(path: P) -> io::Result<Self> {
        OpenOptions::new().write(true).create(true).truncate(true).open(path)
    }

    /// Makes a file, to read and write it.
    ///
    /// # Errors
    ///
    /// As std's: also if there is one.
    #[track_caller]
    pub fn create_new<P: AsRef<Path>>(path: P) -> io::Result<Self> {
        OpenOptions::new().read(true).write(true).create_new(true).open(path)
    }

    /// Options to open with.
    #[must_use]
    pub fn options() -> OpenOptions {
        OpenOptions::new()
    }

    /// Makes the content outlive a crash.
    ///
    /// # Errors
    ///
    /// As std's.
    #[track_caller]
    pub fn sync_all(&self) -> io::Result<()> {
        match &self.0 {
            Inner::Native(file) => native(Some(Call::Sync), || file.sync_all()),
            Inner::Model(handle) => weak::sync(handle, Location::caller()),
        }
    }

    /// As [`File::sync_all`], without what is not needed to read the content.
    ///
    /// # Errors
    ///
    /// As std's.
    #[track_caller]
    pub fn sync_data(&self) -> io::Result<()> {
        match &self.0 {
            Inner::Native(file) => native(Some(Call::Sync), || file.sync_data()),
            Inner::Model(handle) => weak::sync(handle, Location::caller()),
        }
    }

    /// Cuts the file off, or fills it up with zeros: one step.
    ///
    /// # Errors
    ///
    /// As std's.
    #[track_caller]
    pub fn set_len(&self, size: u64) -> io::Result<()> {
        match &self.0 {
            Inner::Native(file) => native(Some(Call::Write), || file.set_len(size)),
            Inner::Model(handle) => handle.set_len(size, Location::caller()),
        }
    }

    /// Looks at the open file.
    ///
    /// # Errors
    ///
    /// As std's.
    #[track_caller]
    pub fn metadata(&self) -> io::Result<Metadata> {
        match &self.0 {
            Inner::Native(file) => native(Some(Call::Stat), || file.metadata().map(Metadata::native)),
            Inner::Model(handle) => handle.stat(Location::caller()).map(Metadata::model),
        }
    }

    /// Sets the time of the last change.
    ///
    /// # Errors
    ///
    /// As std's. A model knows no time before 1970.
    #[track_caller]
    pub fn set_modified(&self, time: SystemTime) -> io::Result<()> {
        match &self.0 {
            Inner::Native(file) => native(None, || file.set_modified(time)),
            Inner::Model(handle) => {
                let since = time.duration_since(SystemTime::UNIX_EPOCH).map_err(io::Error::other)?;
                handle.set_mtime(since, Location::caller())
            }
        }
    }

    /// Another handle of the same open file: position and lock are shared.
    ///
    /// # Errors
    ///
    /// As std's.
    #[track_caller]
    pub fn try_clone(&self) -> io::Result<Self> {
        match &self.0 {
            Inner::Native(file) => native(None, || file.try_clone().map(Self::native)),
            Inner::Model(handle) => handle.duplicate(Location::caller()).map(Self::model),
        }
    }

    /// Waits for the file's lock and takes it.
    ///
    /// # Errors
    ///
    /// As std's.
    #[track_caller]
    pub fn lock(&self) -> io::Result<()> {
        match &self.0 {
            Inner::Native(file) => native(Some(Call::Lock), || file.lock()),
            Inner::Model(handle) => flock::enter(handle.id(), false, Location::caller()),
        }
    }

    /// Waits for the file's lock and takes it together with others that share it.
    ///
    /// # Errors
    ///
    /// As std's.
    #[track_caller]
    pub fn lock_shared(&self) -> io::Result<()> {
        match &self.0 {
            Inner::Native(file) => native(Some(Call::Lock), || file.lock_shared()),
            Inner::Model(handle) => flock::enter(handle.id(), true, Location::caller()),
        }
    }

    /// Takes the file's lock if it is free.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if it is not.
    #[track_caller]
    pub fn try_lock(&self) -> Result<(), TryLockError> {
        match &self.0 {
            Inner::Native(file) => try_native(|| file.try_lock()),
            Inner::Model(handle) => flock::try_lock(handle.id(), false, Location::caller()),
        }
    }

    /// As [`File::try_lock`], to share it.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if it is not free.
    #[track_caller]
    pub fn try_lock_shared(&self) -> Result<(), TryLockError> {
        match &self.0 {
            Inner::Native(file) => try_native(|| file.try_lock_shared()),
            Inner::Model(handle) => flock::try_lock(handle.id(), true, Location::caller()),
        }
    }

    /// Gives the lock up.
    ///
    /// # Errors
    ///
    /// As std's; not having it is none.
    #[track_caller]
    pub fn unlock(&self) -> io::Result<()> {
        match &self.0 {
            Inner::Native(file) => native(None, || file.unlock()),
            Inner::Model(handle) => flock::unlock(handle.id(), Location::caller()),
        }
    }
}

fn try_native(f: impl FnOnce() -> Result<(), TryLockError>) -> Result<(), TryLockError> {
    perturb::point();
    faults::native(Call::Lock).map_err(TryLockError::Error)?;
    f()
}

impl Read for &File {
    #[track_caller]
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match &self.0 {
            Inner::Native(file) => native(Some(Call::Read), || (&*file).read(buf)),
            Inner::Model(handle) => {
                handle.read(buf.len(), |bytes| buf[..bytes.len()].copy_from_slice(bytes), Location::caller())
            }
        }
    }

    /// One step under a model.
    #[track_caller]
    fn read_to_end(&mut self, buf: &mut Vec<u8>) -> io::Result<usize> {
        match &self.0 {
            Inner::Native(file) => native(Some(Call::Read), || (&*file).read_to_end(buf)),
            Inner::Model(handle) => handle.read(usize::MAX, |bytes| buf.extend_from_slice(bytes), Location::caller()),
        }
    }

    /// One step under a model.
    #[track_caller]
    fn read_to_string(&mut self, buf: &mut String) -> io::Result<usize> {
        if let Inner::Native(file) = &self.0 {
            return native(Some(Call::Read), || (&*file).read_to_string(buf));
        }
        let mut bytes = Vec::new();
        self.read_to_end(&mut bytes)?;
        let text = std::str::from_utf8(&bytes)
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "stream did not contain valid UTF-8"))?;
        buf.push_str(text);
        Ok(text.len())
    }
}

impl Write for &File {
    #[track_caller]
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match &self.0 {
            Inner::Native(file) => native(Some(Call::Write), || (&*file).write(buf)),
            Inner::Model(handle) => weak::write(handle, buf, Location::caller()),
        }
    }

    /// As std's, but each step stands where this was called.
    #[track_caller]
    fn write_all(&mut self, mut buf: &[u8]) -> io::Result<()> {
        while !buf.is_empty() {
            match self.write(buf) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(n) => buf = &buf[n..],
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for &File {
    #[track_caller]
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match &self.0 {
            Inner::Native(file) => native(None, || (&*file).seek(to)),
            Inner::Model(handle) => handle.seek(to, Location::caller()),
        }
    }
}

impl Read for File {
    #[track_caller]
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        (&*self).read(buf)
    }

    #[track_caller]
    fn read_to_end(&mut self, buf: &mut Vec<u8>) -> io::Result<usize> {
        (&*self).read_to_end(buf)
    }

    #[track_caller]
    fn read_to_string(&mut self, buf: &mut String) -> io::Result<usize> {
        (&*self).read_to_string(buf)
    }
}

impl Write for File {
    #[track_caller]
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        (&*self).write(buf)
    }

    #[track_caller]
    fn write_all(&mut self, buf: &[u8]) -> io::Result<()> {
        (&*self).write_all(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for File {
    #[track_caller]
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        (&*self).seek(to)
    }
}

impl fmt::Debug for File {
    /// Without the path: looking at it would be an operation.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("File").finish_non_exhaustive()
    }
}
