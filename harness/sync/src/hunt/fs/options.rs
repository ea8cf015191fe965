//! `OpenOptions`.

use std::io;
use std::panic::Location;
use std::path::Path;

use super::faults::Call;
use super::file::File;
use super::handle;
use super::step::native;
use super::weak;
use crate::engine;

/// [`std::fs::OpenOptions`].
#[derive(Clone, Debug)]
pub struct OpenOptions {
    std: std::fs::OpenOptions,
    flags: Flags,
}

/// The same, in a form that can be read.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "these are std's options")]
pub(super) struct Flags {
    pub(super) read: bool,
    pub(super) write: bool,
    pub(super) append: bool,
    pub(super) truncate: bool,
    pub(super) create: bool,
    pub(super) create_new: bool,
}

impl Flags {
    /// True for what std refuses.
    fn are_refused(self) -> bool {
        let makes = self.truncate || self.create || self.create_new;
        let writes = self.write || self.append;
        let reads = self.read && !makes;
        !(writes || reads) || (self.append && self.truncate && !self.create_new)
    }
}

macro_rules! option {
    ($name:ident, $about:literal) => {
        #[doc = $about]
        pub fn $name(&mut self, $name: bool) -> &mut Self {
            self.std.$name($name);
            self.flags.$name = $name;
            self
        }
    };
}

impl OpenOptions {
    /// All options off.
    #[expect(clippy::new_without_default, reason = "std's has none")]
    #[must_use]
    pub fn new() -> Self {
        Self { std: std::fs::OpenOptions::new(), flags: Flags::default() }
    }

    option!(read, "To read.");
    option!(write, "To write.");
    option!(append, "To write at the end, wherever that is at each write.");
    option!(truncate, "Empties the file.");
    option!(create, "Makes the file if there is none.");
    option!(create_new, "Makes the file; an error if there is one.");

    /// Opens the file: one step.
    ///
    /// # Errors
    ///
    /// As std's.
    #[track_caller]
    pub fn open<P: AsRef<Path>>(&self, path: P) -> io::Result<File> {
        let (path, site) = (path.as_ref(), Location::caller());
        if !engine::current().is_model() {
            let make = self.flags.create || self.flags.create_new;
            let call = if make { Call::Create } else { Call::Open };
            return native(Some(call), || self.std.open(path).map(File::native));
        }
        if self.flags.are_refused() {
            // std says why, before it calls the system.
            self.std.open("")?;
        }
        handle::open(path, weak::flags(self.flags, path, site), site).map(File::model)
    }
}
