//! Atomics.
//!
//! Natively and under shuttle std's (shuttle is sequentially consistent: each operation is one step), under loom
//! loom's, with the C11 memory model. `SeqCst` counts as `AcqRel` there, and 128-bit and static atomics are left out.

#[macro_use]
mod weak;

pub use std::sync::atomic::Ordering;

use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use crate::engine::{self, Engine};
use crate::hook::{self, Kind, ObjectId, Site};
use crate::mutant::{self, Operator};
use crate::{model, perturb};
use weak::{Argument, offers, store_offers};

/// Who does the operation: nobody has to be told natively.
#[derive(Clone, Copy)]
struct Told {
    id: ObjectId,
    site: Site,
}

impl Told {
    /// A shuttle operation: a switch, then std's.
    #[cold]
    fn shuttle<R>(self, kind: Kind, value: impl FnOnce(&R) -> Option<u64>, f: impl FnOnce() -> R) -> R {
        model::op((kind, self.id, self.site), value, || {
            model::switch();
            f()
        })
    }

    /// A loom operation, which has its scheduling point inside.
    #[cold]
    fn loom<R>(
        self,
        kind: Kind,
        gate: &loom::sync::Condvar,
        value: impl FnOnce(&R) -> Option<u64>,
        f: impl FnOnce() -> R,
    ) -> R {
        model::op((kind, self.id, self.site), value, || {
            model::quietly(|| {
                model::call(|| {
                    if kind == Kind::Load {
                        gate.notify_one();
                    }
                    f()
                })
            })
        })
    }
}

/// `#[track_caller]` methods that are one operation each: kind, name, arguments, result, how its value is shown.
macro_rules! ops {
    ($($(#[$doc:meta])* $kind:ident $name:ident($($arg:ident: $t:ty),*) -> $out:ty, $show:expr;)*) => {$(
        $(#[$doc])*
        #[track_caller]
        #[inline]
        pub fn $name(&self, $($arg: $t),*) -> $out {
            match &self.0 {
                Inner::Native(atomic) => {
                    perturb::point();
                    atomic.$name($($arg),*)
                }
                model => {
                    let site = Location::caller();
                    let what = concat!("atomic ", stringify!($name));
                    let ordered = false $(|| $arg.orders())*;
                    match mutant::at(site, what, offers(Kind::$kind, ordered)) {
                        None => {}
                        Some(Operator::Split) => {
                            let exchange = stringify!($name).starts_with("compare");
                            return self.in_halves(exchange, site, |half| half.$name($($arg),*));
                        }
                        Some(_) => {
                            $(let $arg = $arg.relaxed();)*
                            mutant::differed();
                            return one_step!(model, Kind::$kind, site, $show, |atomic| atomic.$name($($arg),*));
                        }
                    }
                    one_step!(model, Kind::$kind, site, $show, |atomic| atomic.$name($($arg),*))
                }
            }
        }
    )*};
}

/// What every atomic has.
macro_rules! common {
    ([$($g:tt)*] [$($ty:tt)*], $name:expr, $value:ty, $std:ty, $loom:ty, $fresh:expr, $show:expr, $store_offers:expr) => {
        impl<$($g)*> $($ty)* {
            /// An atomic of the current engine. (No `const fn`, see the crate's documentation.)
            #[track_caller]
            #[must_use]
            pub fn new(value: $value) -> Self {
                Self(match engine::current() {
                    Engine::Native => Inner::Native(<$std>::new(value)),
                    Engine::Shuttle => {
                        Inner::Shuttle(hook::new_object($name, Location::caller()), Arc::new(<$std>::new(value)))
                    }
                    Engine::Loom => Inner::Loom(
                        hook::new_object($name, Location::caller()),
                        Arc::new(model::call(|| <$loom>::new(value))),
                        Arc::new(model::call(loom::sync::Condvar::new)),
                    ),
                })
            }

            ops! {
                /// Loads the value.
                Load load(order: Ordering) -> $value, |v: &$value| $show(*v);
                /// Stores a value and returns the one before.
                Rmw swap(value: $value, order: Ordering) -> $value, |v: &$value| $show(*v);
                /// Stores `new` if the value is `current`; the value before, as `Ok` if it did.
                Rmw compare_exchange(current: $value, new: $value, success: Ordering, failure: Ordering)
                    -> Result<$value, $value>, |v: &Result<$value, $value>| $show(v.unwrap_or_else(|v| v));
                /// As `compare_exchange`; may fail natively even if the value is `current`.
                Rmw compare_exchange_weak(current: $value, new: $value, success: Ordering, failure: Ordering)
                    -> Result<$value, $value>, |v: &Result<$value, $value>| $show(v.unwrap_or_else(|v| v));
            }

            /// Stores a value.
            #[track_caller]
            #[inline]
            pub fn store(&self, value: $value, order: Ordering) {
                match &self.0 {
                    Inner::Native(atomic) => {
                        perturb::point();
                        atomic.store(value, order);
                    }
                    _ => self.store_model(value, order, Location::caller()),
                }
            }

            weakened! { $value, $std, $show, $store_offers }

            /// Replaces the value by what `f` makes of it, until nothing came in between or `f` gives `None`.
            ///
            /// A load and a compare-and-exchange per attempt, each a step of its own, as in std.
            #[track_caller]
            #[inline]
            pub fn fetch_update<F>(&self, set: Ordering, fetch: Ordering, mut f: F) -> Result<$value, $value>
            where
                F: FnMut($value) -> Option<$value>,
            {
                let mut before = self.load(fetch);
                while let Some(next) = f(before) {
                    match self.compare_exchange_weak(before, next, set, fetch) {
                        done @ Ok(_) => return done,
                        Err(now) => before = now,
                    }
                }
                Err(before)
            }

            /// As `fetch_update`.
            #[track_caller]
            #[inline]
            pub fn try_update(
                &self,
                set: Ordering,
                fetch: Ordering,
                f: impl FnMut($value) -> Option<$value>,
            ) -> Result<$value, $value> {
                self.fetch_update(set, fetch, f)
            }

            /// Replaces the value by what `f` makes of it; returns the one before.
            #[track_caller]
            #[inline]
            pub fn update(
                &self,
                set: Ordering,
                fetch: Ordering,
                mut f: impl FnMut($value) -> $value,
            ) -> $value {
                self.fetch_update(set, fetch, |v| Some(f(v))).unwrap_or_else(|v| v)
            }

            /// The value of an atomic that nobody else has.
            #[track_caller]
            pub fn into_inner(self) -> $value {
                // A store that a mutant has put off may have a share in a model's.
                match self.0 {
                    Inner::Native(atomic) => atomic.into_inner(),
                    Inner::Shuttle(_, atomic) => {
                        Arc::try_unwrap(atomic).map_or_else(|a| a.load(Ordering::Relaxed), <$std>::into_inner)
                    }
                    Inner::Loom(_, atomic, _) => model::call(|| match Arc::try_unwrap(atomic) {
                        Ok(atomic) => atomic.into_inner(),
                        Err(atomic) => atomic.load(Ordering::Relaxed),
                    }),
                }
            }

            /// The value of an atomic that nobody else has, to change it.
            ///
            /// # Panics
            ///
            /// Under loom, which lends no such place: store through `store` there.
            pub fn get_mut(&mut self) -> &mut $value {
                match &mut self.0 {
                    Inner::Native(atomic) => atomic.get_mut(),
                    Inner::Shuttle(_, atomic) => {
                        if Arc::get_mut(atomic).is_none() {
                            // A store that was put off comes too late for this one.
                            *atomic = Arc::new(<$std>::new(atomic.load(Ordering::Relaxed)));
                        }
                        Arc::get_mut(atomic).expect("it was just made").get_mut()
                    }
                    Inner::Loom(..) => panic!("{}::get_mut is not modelled by loom: use store", $name),
                }
            }
        }

        impl<$($g)*> fmt::Debug for $($ty)* {
            /// Without the value: looking at it would be an operation.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match &self.0 {
                    Inner::Native(atomic) => atomic.fmt(f),
                    Inner::Shuttle(_, atomic) => atomic.fmt(f),
                    Inner::Loom(..) => f.write_str($name),
                }
            }
        }

        impl<$($g)*> Default for $($ty)* {
            #[track_caller]
            fn default() -> Self {
                Self::new($fresh)
            }
        }

        impl<$($g)*> From<$value> for $($ty)* {
            #[track_caller]
            fn from(value: $value) -> Self {
                Self::new(value)
            }
        }
    };
}

/// An atomic under its engine.
enum Inner<S, L> {
    Native(S),
    /// Shared only with a store that a mutant puts off.
    Shuttle(ObjectId, Arc<S>),
    /// loom remembers the last access of an atomic only, so that a load can hide the load of another actor from a later
    /// store, and the order in which the store comes first is never tried. Nobody waits for the condvar: notifying it
    /// before each load is a step that loom orders against the other loads, and makes nothing visible to anyone.
    Loom(ObjectId, Arc<L>, Arc<loom::sync::Condvar>),
}

macro_rules! integers {
    ($($name:ident $value:ident;)*) => {$(
        #[doc = concat!("[`std::sync::atomic::", stringify!($name), "`] under the engine that is current when it is made.")]
        pub struct $name(Inner<std::sync::atomic::$name, loom::sync::atomic::$name>);

        common! {
            [] [$name], stringify!($name), $value, std::sync::atomic::$name, loom::sync::atomic::$name, 0,
            |v: $value| u64::try_from(v).ok(), store_offers
        }

        later! { $name $value }

        impl $name {
            ops! {
                /// Adds, wrapping around; returns the value before.
                Rmw fetch_add(value: $value, order: Ordering) -> $value, |v: &$value| u64::try_from(*v).ok();
                /// Subtracts, wrapping around; returns the value before.
                Rmw fetch_sub(value: $value, order: Ordering) -> $value, |v: &$value| u64::try_from(*v).ok();
                /// Bitwise "and"; returns the value before.
                Rmw fetch_and(value: $value, order: Ordering) -> $value, |v: &$value| u64::try_from(*v).ok();
                /// Bitwise "nand"; returns the value before.
                Rmw fetch_nand(value: $value, order: Ordering) -> $value, |v: &$value| u64::try_from(*v).ok();
                /// Bitwise "or"; returns the value before.
                Rmw fetch_or(value: $value, order: Ordering) -> $value, |v: &$value| u64::try_from(*v).ok();
                /// Bitwise "xor"; returns the value before.
                Rmw fetch_xor(value: $value, order: Ordering) -> $value, |v: &$value| u64::try_from(*v).ok();
                /// Stores the greater one; returns the value before.
                Rmw fetch_max(value: $value, order: Ordering) -> $value, |v: &$value| u64::try_from(*v).ok();
                /// Stores the lesser one; returns the value before.
                Rmw fetch_min(value: $value, order: Ordering) -> $value, |v: &$value| u64::try_from(*v).ok();
            }
        }
    )*};
}

integers! {
    AtomicU8 u8;
    AtomicU16 u16;
    AtomicU32 u32;
    AtomicU64 u64;
    AtomicUsize usize;
    AtomicI8 i8;
    AtomicI16 i16;
    AtomicI32 i32;
    AtomicI64 i64;
    AtomicIsize isize;
}

/// [`std::sync::atomic::AtomicBool`] under the engine that is current when it is made.
pub struct AtomicBool(Inner<std::sync::atomic::AtomicBool, loom::sync::atomic::AtomicBool>);

common! {
    [] [AtomicBool], "AtomicBool", bool, std::sync::atomic::AtomicBool, loom::sync::atomic::AtomicBool, false,
    |v: bool| Some(u64::from(v)), store_offers
}

later! { AtomicBool bool }

impl AtomicBool {
    ops! {
        /// Logical "and"; returns the value before.
        Rmw fetch_and(value: bool, order: Ordering) -> bool, |v: &bool| Some(u64::from(*v));
        /// Logical "nand"; returns the value before.
        Rmw fetch_nand(value: bool, order: Ordering) -> bool, |v: &bool| Some(u64::from(*v));
        /// Logical "or"; returns the value before.
        Rmw fetch_or(value: bool, order: Ordering) -> bool, |v: &bool| Some(u64::from(*v));
        /// Logical "xor"; returns the value before.
        Rmw fetch_xor(value: bool, order: Ordering) -> bool, |v: &bool| Some(u64::from(*v));
    }

    /// Inverts the value; returns the one before.
    #[track_caller]
    #[inline]
    pub fn fetch_not(&self, order: Ordering) -> bool {
        self.fetch_xor(true, order)
    }
}

/// [`std::sync::atomic::AtomicPtr`] under the engine that is current when it is made.
pub struct AtomicPtr<T>(Inner<std::sync::atomic::AtomicPtr<T>, loom::sync::atomic::AtomicPtr<T>>);

// Addresses differ from run to run, so none is shown.
common! {
    [T] [AtomicPtr<T>], "AtomicPtr", *mut T, std::sync::atomic::AtomicPtr<T>, loom::sync::atomic::AtomicPtr<T>,
    std::ptr::null_mut(), |_: *mut T| None, |_| &[]
}

impl<T> AtomicPtr<T> {
    /// Never: what it points to may be gone by then.
    fn store_later(&self, value: *mut T, order: Ordering, site: Site) {
        self.store_now(value, order, site);
    }
}

/// A memory fence. Under shuttle, which is sequentially consistent, it is no scheduling point.
#[track_caller]
pub fn fence(order: Ordering) {
    match engine::current() {
        Engine::Native => {
            perturb::point();
            std::sync::atomic::fence(order);
        }
        Engine::Shuttle => {
            // No step, but a place that a survey has to know of.
            let _ = mutant::at(Location::caller(), "fence", &[Operator::Relax]);
        }
        Engine::Loom if mutant::at(Location::caller(), "fence", &[Operator::Relax]).is_some() => mutant::differed(),
        Engine::Loom => {
            model::op((Kind::Fence, 0, Location::caller()), model::no_value, || {
                model::call(|| loom::sync::atomic::fence(order));
            });
        }
    }
}

/// A fence for the compiler only: nothing to explore.
pub use std::sync::atomic::compiler_fence;
