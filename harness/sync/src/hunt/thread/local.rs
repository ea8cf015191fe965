//! Thread-locals: one value per actor under a model, dropped when the actor ends.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;

use crate::engine;
use crate::hook::{self, ActorId};

/// A value, with its actor and the address of its key.
type Local = (ActorId, usize, Rc<dyn Any>);

thread_local! {
    /// All values, in the order of their making.
    static LOCALS: RefCell<Vec<Local>> = const { RefCell::new(Vec::new()) };
}

/// A new execution begins: what the last one left (its first actor's values) goes.
pub(super) fn reset() {
    drop(LOCALS.take());
}

/// Drops the values of an actor that has ended, and those that their destructors make.
pub(super) fn drop_all(me: ActorId) {
    loop {
        let value = LOCALS.with_borrow_mut(|all| {
            let i = all.iter().position(|l| l.0 == me)?;
            Some(all.remove(i).2)
        });
        if value.is_none() {
            return;
        }
        drop(value);
    }
}

/// [`std::thread::LocalKey`], declared by [`crate::thread_local!`].
pub struct LocalKey<T: 'static> {
    native: &'static std::thread::LocalKey<T>,
    init: fn() -> T,
}

/// The value is gone: the thread ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccessError(());

impl fmt::Display for AccessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("already destroyed")
    }
}

impl std::error::Error for AccessError {}

impl<T: 'static> LocalKey<T> {
    #[doc(hidden)]
    pub const fn __new(native: &'static std::thread::LocalKey<T>, init: fn() -> T) -> Self {
        Self { native, init }
    }

    /// Lends this thread's value, which is made if there is none yet.
    ///
    /// # Panics
    ///
    /// If the value is gone because the thread ends.
    pub fn with<R>(&'static self, f: impl FnOnce(&T) -> R) -> R {
        self.try_with(f).expect("cannot access a thread-local during or after destruction")
    }

    /// Lends this thread's value.
    ///
    /// # Errors
    ///
    /// If the value is gone because the thread ends.
    pub fn try_with<R>(&'static self, f: impl FnOnce(&T) -> R) -> Result<R, AccessError> {
        if engine::current().is_model() {
            Ok(f(&self.of(hook::actor())))
        } else {
            self.native.try_with(f).map_err(|_| AccessError(()))
        }
    }

    /// The value of an actor. Its owner is counted, so that it outlives every use.
    fn of(&'static self, me: ActorId) -> Rc<T> {
        let key = std::ptr::from_ref(self) as usize;
        let find = || {
            LOCALS.with_borrow(|all| {
                all.iter().find(|l| l.0 == me && l.1 == key).and_then(|l| Rc::clone(&l.2).downcast::<T>().ok())
            })
        };
        find().unwrap_or_else(|| {
            let value = Rc::new((self.init)());
            // `init` may have used this key itself; the first value stays then.
            find().unwrap_or_else(|| {
                LOCALS.with_borrow_mut(|all| all.push((me, key, value.clone())));
                value
            })
        })
    }
}

impl<T: 'static> LocalKey<Cell<T>> {
    /// Sets this thread's value.
    pub fn set(&'static self, value: T) {
        self.with(|c| c.set(value));
    }

    /// A copy of this thread's value.
    pub fn get(&'static self) -> T
    where
        T: Copy,
    {
        self.with(Cell::get)
    }

    /// Takes this thread's value and leaves the default.
    pub fn take(&'static self) -> T
    where
        T: Default,
    {
        self.with(Cell::take)
    }

    /// Replaces this thread's value.
    pub fn replace(&'static self, value: T) -> T {
        self.with(|c| c.replace(value))
    }
}

impl<T: 'static> LocalKey<RefCell<T>> {
    /// Lends what this thread's cell holds.
    pub fn with_borrow<R>(&'static self, f: impl FnOnce(&T) -> R) -> R {
        self.with(|c| f(&c.borrow()))
    }

    /// Lends what this thread's cell holds, to change it.
    pub fn with_borrow_mut<R>(&'static self, f: impl FnOnce(&mut T) -> R) -> R {
        self.with(|c| f(&mut c.borrow_mut()))
    }

    /// Sets what this thread's cell holds.
    pub fn set(&'static self, value: T) {
        self.with(|c| *c.borrow_mut() = value);
    }

    /// Takes what this thread's cell holds and leaves the default.
    pub fn take(&'static self) -> T
    where
        T: Default,
    {
        self.with(RefCell::take)
    }

    /// Replaces what this thread's cell holds.
    pub fn replace(&'static self, value: T) -> T {
        self.with(|c| c.replace(value))
    }
}

impl<T: 'static> fmt::Debug for LocalKey<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalKey").finish_non_exhaustive()
    }
}

/// Declares thread-locals, as [`std::thread_local!`]: one value per actor under a model.
#[macro_export]
macro_rules! thread_local {
    () => {};
    ($(#[$attr:meta])* $vis:vis static $name:ident: $t:ty = const $init:block $(; $($rest:tt)*)?) => {
        $crate::__thread_local!($(#[$attr])* $vis $name, $t, $init, const $init);
        $($crate::thread_local!($($rest)*);)?
    };
    ($(#[$attr:meta])* $vis:vis static $name:ident: $t:ty = $init:expr $(; $($rest:tt)*)?) => {
        $crate::__thread_local!($(#[$attr])* $vis $name, $t, $init, $init);
        $($crate::thread_local!($($rest)*);)?
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __thread_local {
    ($(#[$attr:meta])* $vis:vis $name:ident, $t:ty, $init:expr, $($native:tt)*) => {
        $(#[$attr])*
        $vis static $name: $crate::thread::LocalKey<$t> = {
            ::std::thread_local! {
                static NATIVE: $t = $($native)*;
            }
            fn init() -> $t {
                $init
            }
            $crate::thread::LocalKey::__new(&NATIVE, init)
        };
    };
}
