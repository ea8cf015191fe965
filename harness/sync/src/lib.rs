//! Drop-in `std::sync`, `std::thread`, `std::time`, `std::hint` and `std::fs` whose engine is chosen at run time.
//!
//! Replace `use std::sync::…` by `use racehunt_sync::…` (and `std::thread` by `racehunt_sync::thread`, and so on).
//!
//! ```
//! use racehunt_sync::{Arc, Mutex, thread};
//!
//! let sum = Arc::new(Mutex::new(1));
//! let other = Arc::clone(&sum);
//! thread::spawn(move || *other.lock().unwrap() += 1).join().unwrap();
//! assert_eq!(*sum.lock().unwrap(), 2);
//!
//! // Off, nothing stands in between: it is the same type.
//! # #[cfg(not(feature = "hunt"))]
//! # {
//! let plain: std::sync::Mutex<u32> = racehunt_sync::Mutex::new(1);
//! # drop(plain);
//! # }
//! ```
//!
//! With the feature `hunt` off every name **is** the std name. With it on, each object remembers the engine it was
//! made under (`engine`): real threads, shuttle or loom, all in one binary and at the same time on different OS
//! threads. Under the two models every operation announces itself (`hook`) before its scheduling point.
//!
//! # What differs with `hunt` on
//!
//! * `new` of locks and atomics is no `const fn`: put them into a `LazyLock` where they have to be static. `Once`,
//!   `OnceLock` and `LazyLock` keep their `const fn new`; under a model a static of these starts afresh in each
//!   execution, and what it lends must not be kept beyond that execution.
//! * `Arc` and `Weak` are std's under every engine: reference counts are not scheduling points.
//! * `SystemTime` is left out: there is no wall clock in a model.
//! * Models are told of a new execution by `hook::reset`, which their drivers call first of all in it.
//! * Files of a model are a tree in memory (`fs::model`): every call and every chunk of a write is a step, and an actor's
//!   process (`process`) can be killed at any of them. Links, permissions and modes are left out.
//! * An object belongs to the execution it was made in. A native one may be used in a model, but no native lock may be
//!   held across a scheduling point.
//!
//! See `time` for what virtual time guarantees and `Condvar::wait_timeout` for timeouts.

#[cfg(feature = "hunt")]
pub mod engine;
#[cfg(feature = "hunt")]
pub mod hook;
#[cfg(feature = "hunt")]
mod model;
#[cfg(feature = "hunt")]
pub mod mutant;
#[cfg(feature = "hunt")]
pub mod perturb;
#[cfg(feature = "hunt")]
pub mod tries;
#[cfg(feature = "hunt")]
pub mod waits;

#[doc(hidden)]
pub mod plain;

#[cfg(not(feature = "hunt"))]
pub use plain::*;

#[cfg(feature = "hunt")]
mod hunt;
#[cfg(feature = "hunt")]
pub use hunt::*;
