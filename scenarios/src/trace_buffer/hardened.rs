//! Not there yet: every call answers with an error.

use super::{Body, BufferError, Client, Item, Replayed, Settings, Status, StoreError, Stored, TraceBuffer, Watch};
use std::io;
use std::path::Path;

/// Placeholder.
pub struct Hardened(Settings);

impl Hardened {
    /// Opens the buffer and makes its directory.
    ///
    /// # Errors
    /// When the directory cannot be made.
    pub fn new(settings: Settings) -> Result<Self, BufferError> {
        Ok(Self(settings))
    }
}

fn io() -> BufferError {
    BufferError::Io { step: "not there yet", source: io::ErrorKind::Unsupported.into() }
}

impl TraceBuffer for Hardened {
    fn store(&self, _: &dyn Body, _: &mut dyn Watch) -> Result<Stored, StoreError> {
        Err(StoreError::Disabled)
    }

    fn list(&self) -> Result<Vec<Item>, BufferError> {
        Err(io())
    }

    fn status(&self) -> Result<Status, BufferError> {
        Ok(Status { files: 0, cap: self.0.cap, bytes: 0 })
    }

    fn remove(&self, _: &Path, _: &mut dyn Watch) -> Result<bool, BufferError> {
        Err(io())
    }

    fn clear(&self, _: &mut dyn Watch) -> Result<u64, BufferError> {
        Err(io())
    }

    fn replay(&self, _: &dyn Client, _: u32, _: &mut dyn Watch) -> Result<Replayed, BufferError> {
        Err(io())
    }
}
