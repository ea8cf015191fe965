//! The names with the feature `hunt` off: std's own, and the two extensions that std has no name for.

pub use std::sync::{
    Arc, Barrier, BarrierWaitResult, Condvar, LazyLock, LockResult, Mutex, MutexGuard, Once, OnceLock, OnceState,
    PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError, TryLockResult, WaitTimeoutResult, Weak,
    atomic, mpsc,
};
pub use std::thread_local;
pub use std::{fs, hint, thread};

/// The part of std's `os` that a component may use under a model.
pub mod os {
    /// As `std::os::unix`.
    pub mod unix {
        /// As `std::os::unix::fs`.
        pub mod fs {
            pub use std::os::unix::fs::MetadataExt;
        }
    }
}

/// The part of std's `process` that a component may use under a model.
pub mod process {
    pub use std::process::id;
}

/// std's `time` without the wall clock, which a model does not have.
pub mod time {
    pub use std::time::{Duration, Instant};
}

/// `UnsafeCell` with accesses as closures, so that a model can tell when one begins and ends.
pub mod cell {
    /// std's `UnsafeCell` with loom's way of access, at no cost.
    #[derive(Debug, Default)]
    #[repr(transparent)]
    pub struct UnsafeCell<T: ?Sized>(std::cell::UnsafeCell<T>);

    impl<T> UnsafeCell<T> {
        /// Wraps `value`.
        pub const fn new(value: T) -> Self {
            Self(std::cell::UnsafeCell::new(value))
        }

        /// Unwraps the value.
        pub fn into_inner(self) -> T {
            self.0.into_inner()
        }
    }

    impl<T: ?Sized> UnsafeCell<T> {
        /// Lends a pointer to read through.
        #[inline]
        pub fn with<R>(&self, f: impl FnOnce(*const T) -> R) -> R {
            f(self.0.get())
        }

        /// Lends a pointer to write through.
        #[inline]
        pub fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
            f(self.0.get())
        }

        /// The value of a cell that nobody else has.
        pub fn get_mut(&mut self) -> &mut T {
            self.0.get_mut()
        }
    }
}

/// Objects that are no sync primitive and whose operations are atomic as a whole.
pub mod shared {
    use std::sync::{Mutex, PoisonError};

    /// A value whose every operation is one indivisible step: a dictionary, a file tree, a sink.
    #[derive(Debug)]
    pub struct Shared<T>(Mutex<T>);

    impl<T> Shared<T> {
        /// An object of that name.
        pub fn new(name: &'static str, value: T) -> Self {
            let _ = name;
            Self(Mutex::new(value))
        }

        /// One step that does not change the value.
        pub fn read<R>(&self, label: &'static str, f: impl FnOnce(&T) -> R) -> R {
            let _ = label;
            f(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
        }

        /// One step that may change the value.
        pub fn write<R>(&self, label: &'static str, f: impl FnOnce(&mut T) -> R) -> R {
            let _ = label;
            f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
        }

        /// One step that does not change the value; `part` is for interleavings, which there are none of here.
        pub fn read_part<R>(&self, label: &'static str, part: impl FnOnce() -> String, f: impl FnOnce(&T) -> R) -> R {
            let _ = part;
            self.read(label, f)
        }

        /// One step that may change the value, likewise.
        pub fn write_part<R>(
            &self,
            label: &'static str,
            part: impl FnOnce() -> String,
            f: impl FnOnce(&mut T) -> R,
        ) -> R {
            let _ = part;
            self.write(label, f)
        }

        /// The value, when nobody else has the object.
        pub fn into_inner(self) -> T {
            self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
        }
    }
}
