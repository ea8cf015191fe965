//! Actors that panic: poison, `Err` from join, and everything else goes on.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use racehunt_sync::{Arc, LazyLock, Mutex, Once, RwLock, thread};

/// Panics without a word.
fn fall() -> ! {
    resume_unwind(Box::new("fell"))
}

pub(crate) fn poisons_and_goes_on() {
    let lock = Arc::new(Mutex::new(1));
    let other = Arc::clone(&lock);
    let thread = thread::spawn(move || {
        let mut held = other.lock().unwrap();
        *held = 2;
        fall();
    });
    let third = Arc::clone(&lock);
    let bystander = thread::spawn(move || match third.lock() {
        Ok(v) => *v,
        Err(e) => **e.get_ref(),
    });
    let payload = thread.join().unwrap_err();
    assert_eq!(payload.downcast_ref(), Some(&"fell"));
    assert!(matches!(bystander.join(), Ok(1 | 2)));
    assert!(lock.is_poisoned());
    let held = lock.lock().unwrap_err().into_inner();
    assert_eq!(*held, 2);
    drop(held);
    lock.clear_poison();
    assert!(lock.lock().is_ok());
}

/// Locks in its destructor.
struct Returns(Arc<Mutex<u32>>);

impl Drop for Returns {
    fn drop(&mut self) {
        *self.0.lock().unwrap() += 1;
    }
}

pub(crate) fn drop_during_unwinding_does_not_poison_others() {
    let pool = Arc::new(Mutex::new(0));
    let returns = Returns(Arc::clone(&pool));
    let thread = thread::spawn(move || {
        let _returns = returns;
        let own = Mutex::new(0);
        let _held = own.lock();
        fall();
    });
    *pool.lock().unwrap() += 10;
    assert!(thread.join().is_err());
    assert!(!pool.is_poisoned(), "the panic began before the lock was taken");
    assert_eq!(*pool.lock().unwrap(), 11);
    // A panic that is caught inside of the actor poisons too, and the actor goes on with the lock.
    let caught = catch_unwind(AssertUnwindSafe(|| {
        let _held = pool.lock();
        fall();
    }));
    assert!(caught.is_err());
    assert_eq!(*pool.lock().unwrap_err().into_inner(), 11);
}

pub(crate) fn reader_poisons_nothing() {
    let lock = Arc::new(RwLock::new(0));
    let other = Arc::clone(&lock);
    let thread = thread::spawn(move || {
        let _held = other.read();
        fall();
    });
    *lock.write().unwrap() += 1;
    assert!(thread.join().is_err());
    assert!(!lock.is_poisoned());
    let other = Arc::clone(&lock);
    let thread = thread::spawn(move || {
        let _held = other.write();
        fall();
    });
    assert!(thread.join().is_err());
    assert!(lock.read().is_err() && lock.try_write().is_err());
}

pub(crate) fn once_is_poisoned() {
    let once = Once::new();
    assert!(catch_unwind(AssertUnwindSafe(|| once.call_once(|| fall()))).is_err());
    let mut seen = false;
    once.call_once_force(|state| seen = state.is_poisoned());
    assert!(seen && once.is_completed());
    let lazy: LazyLock<u32> = LazyLock::new(|| fall());
    assert!(catch_unwind(AssertUnwindSafe(|| *lazy)).is_err());
}

pub(crate) fn scope_reports_a_panic() {
    let outcome = catch_unwind(|| {
        thread::scope(|s| {
            s.spawn(|| fall());
        });
    });
    assert!(outcome.is_err());
    thread::scope(|s| assert!(s.spawn(|| fall()).join().is_err()));
}
