//! Programs with one known fault each, or none.

use racehunt::sync::atomic::{AtomicU64, Ordering::SeqCst};
use racehunt::sync::atomic::{AtomicUsize, Ordering};
use racehunt::sync::cell::UnsafeCell;
use racehunt::sync::{Arc, Mutex};
use racehunt::thread;

/// Two threads add one each, in two steps: one add is lost if one leaves between them.
pub(crate) fn split_update() {
    let sum = Arc::new(AtomicU64::new(0));
    let other = {
        let sum = Arc::clone(&sum);
        thread::spawn(move || sum.store(sum.load(SeqCst) + 1, SeqCst))
    };
    sum.store(sum.load(SeqCst) + 1, SeqCst);
    other.join().unwrap();
    assert_eq!(sum.load(SeqCst), 2, "an update was lost");
}

/// The same in one step.
pub(crate) fn whole_update() {
    let sum = Arc::new(AtomicU64::new(0));
    let other = {
        let sum = Arc::clone(&sum);
        thread::spawn(move || sum.fetch_add(1, SeqCst))
    };
    sum.fetch_add(1, SeqCst);
    other.join().unwrap();
    assert_eq!(sum.load(SeqCst), 2);
}

/// Two locks in two orders.
pub(crate) fn two_orders() {
    let both = Arc::new((Mutex::new(0), Mutex::new(0)));
    let other = {
        let both = Arc::clone(&both);
        thread::spawn(move || {
            let _second = both.1.lock().unwrap();
            *both.0.lock().unwrap() += 1;
        })
    };
    {
        let _first = both.0.lock().unwrap();
        *both.1.lock().unwrap() += 1;
    }
    other.join().unwrap();
}

/// A flag published without release: only a weak memory model shows the race on the cell.
pub(crate) fn relaxed_publish(publish: Ordering) {
    struct Cell(UnsafeCell<u64>, AtomicUsize);
    // SAFETY: loom watches every access of the cell, and ends the execution at the first two that race.
    unsafe impl Sync for Cell {}
    let cell = Arc::new(Cell(UnsafeCell::new(0), AtomicUsize::new(0)));
    let other = {
        let cell = Arc::clone(&cell);
        thread::spawn(move || {
            // SAFETY: nobody reads before the flag is up, or loom says so.
            cell.0.with_mut(|p| unsafe { *p = 7 });
            cell.1.store(1, publish);
        })
    };
    if cell.1.load(Ordering::Acquire) == 1 {
        // SAFETY: as above.
        assert_eq!(cell.0.with(|p| unsafe { *p }), 7);
    }
    other.join().unwrap();
}

/// Nobody but the first thread.
pub(crate) fn alone() {
    let lock = Mutex::new(0);
    *lock.lock().unwrap() += 1;
    assert_eq!(*lock.lock().unwrap(), 1);
}
