//! One-time initialisation.

use racehunt_sync::atomic::{AtomicUsize, Ordering::SeqCst};
use racehunt_sync::{Arc, LazyLock, Once, OnceLock, thread};

pub(crate) fn runs_once() {
    let shared = Arc::new((Once::new(), AtomicUsize::new(0)));
    let other = Arc::clone(&shared);
    let run = |s: &(Once, AtomicUsize)| {
        s.0.call_once(|| {
            s.1.fetch_add(1, SeqCst);
        });
        assert_eq!(s.1.load(SeqCst), 1, "whoever comes second waits for the end");
    };
    let thread = thread::spawn(move || run(&other));
    run(&shared);
    thread.join().unwrap();
    assert!(shared.0.is_completed());
}

pub(crate) fn lock_is_set_once() {
    let cell = Arc::new(OnceLock::new());
    let other = Arc::clone(&cell);
    let thread = thread::spawn(move || other.set(1).is_ok());
    let mine = *cell.get_or_init(|| 2);
    let theirs = thread.join().unwrap();
    assert_eq!(mine, if theirs { 1 } else { 2 });
    assert_eq!(cell.set(3), Err(3));
    let mut cell = Arc::into_inner(cell).unwrap();
    *cell.get_mut().unwrap() += 10;
    assert_eq!(cell.get(), Some(&(mine + 10)));
    assert_eq!(cell.take(), Some(mine + 10));
    assert_eq!(cell.get(), None);
}

static FRESH: LazyLock<AtomicUsize> = LazyLock::new(|| AtomicUsize::new(1));

/// A static: natively it lives on, under a model each execution has its own.
pub(crate) fn lazy_static_is_fresh() {
    let before = FRESH.load(SeqCst);
    let thread = thread::spawn(|| FRESH.fetch_add(1, SeqCst));
    thread.join().unwrap();
    assert!(FRESH.load(SeqCst) > before);
    #[cfg(feature = "hunt")]
    if racehunt_sync::engine::current().is_model() {
        assert_eq!((before, FRESH.load(SeqCst)), (1, 2));
    }
}
