//! Atomics, spawning, scopes, parking, thread-locals, cells, shared objects.

use std::cell::{Cell, RefCell};

use racehunt_sync::atomic::{self, AtomicBool, AtomicPtr, AtomicU32, AtomicUsize, Ordering};
use racehunt_sync::cell::UnsafeCell;
use racehunt_sync::shared::Shared;
use racehunt_sync::{Arc, hint, thread};

pub(crate) fn atomics_add_up() {
    let sum = Arc::new(AtomicUsize::new(0));
    let threads: Vec<_> = (0..2)
        .map(|_| {
            let sum = Arc::clone(&sum);
            thread::spawn(move || {
                sum.fetch_add(1, Ordering::Relaxed);
                sum.fetch_update(Ordering::AcqRel, Ordering::Acquire, |v| Some(v + 10)).unwrap();
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(sum.load(Ordering::Acquire), 22);
}

pub(crate) fn compare_exchange_has_one_winner() {
    let taken = Arc::new(AtomicBool::new(false));
    let other = Arc::clone(&taken);
    let take = |t: &AtomicBool| t.compare_exchange(false, true, Ordering::AcqRel, Ordering::Acquire).is_ok();
    let thread = thread::spawn(move || take(&other));
    let mine = take(&taken);
    assert!(mine ^ thread.join().unwrap());
}

pub(crate) fn every_width() {
    macro_rules! width {
        ($($name:ident $t:ty),*) => {$(
            let a = atomic::$name::new(5 as $t);
            assert_eq!(a.swap(6, Ordering::SeqCst), 5);
            assert_eq!(a.fetch_add(1, Ordering::SeqCst), 6);
            assert_eq!(a.fetch_sub(2, Ordering::SeqCst), 7);
            assert_eq!(a.fetch_and(4, Ordering::SeqCst), 5);
            assert_eq!(a.fetch_or(3, Ordering::SeqCst), 4);
            assert_eq!(a.fetch_xor(1, Ordering::SeqCst), 7);
            assert_eq!(a.fetch_max(9, Ordering::SeqCst), 6);
            assert_eq!(a.fetch_min(2, Ordering::SeqCst), 9);
            assert_eq!(a.fetch_nand(2, Ordering::SeqCst), 2);
            assert_eq!(a.load(Ordering::SeqCst), !2);
            a.store(1, Ordering::SeqCst);
            assert_eq!(a.compare_exchange(0, 3, Ordering::SeqCst, Ordering::SeqCst), Err(1));
            assert_eq!(a.into_inner(), 1);
        )*};
    }
    width!(AtomicU8 u8, AtomicU16 u16, AtomicU32 u32, AtomicU64 u64, AtomicUsize usize);
    width!(AtomicI8 i8, AtomicI16 i16, AtomicI32 i32, AtomicI64 i64, AtomicIsize isize);
    let b = AtomicBool::default();
    assert!(!b.fetch_or(true, Ordering::SeqCst) && b.fetch_not(Ordering::SeqCst) && !b.into_inner());
    let mut x = 1;
    let p = AtomicPtr::new(&raw mut x);
    assert!(p.swap(std::ptr::null_mut(), Ordering::SeqCst) == &raw mut x && p.into_inner().is_null());
    atomic::fence(Ordering::SeqCst);
}

pub(crate) fn scope_joins_and_borrows() {
    let mut left = 1;
    let sum = AtomicU32::new(0);
    let got = thread::scope(|s| {
        s.spawn(|| left += 1);
        // A thread of a scope may start others in it.
        s.spawn(|| {
            s.spawn(|| sum.fetch_add(1, Ordering::AcqRel));
        });
        s.spawn(|| 5).join().unwrap()
    });
    assert_eq!((left, sum.load(Ordering::Acquire), got), (2, 1, 5));
}

pub(crate) fn park_has_a_token() {
    let flag = Arc::new(AtomicBool::new(false));
    let other = Arc::clone(&flag);
    let thread = thread::spawn(move || {
        while !other.load(Ordering::Acquire) {
            thread::park();
        }
    });
    flag.store(true, Ordering::Release);
    thread.thread().unpark();
    thread.join().unwrap();
    thread::current().unpark();
    thread::park();
}

pub(crate) fn names_and_ids() {
    let named = thread::Builder::new().name("writer".to_owned()).spawn(|| {
        assert_eq!(thread::current().name(), Some("writer"));
        thread::current().id()
    });
    let named = named.unwrap();
    assert_eq!(named.thread().name(), Some("writer"));
    let id = named.thread().id();
    assert_eq!(named.join().unwrap(), id);
    assert_ne!(thread::current().id(), id);
    assert!(!thread::panicking());
}

racehunt_sync::thread_local! {
    static COUNT: Cell<u32> = const { Cell::new(0) };
    static WORDS: RefCell<Vec<u32>> = RefCell::new(vec![1]);
}

pub(crate) fn locals_are_per_actor() {
    COUNT.set(0);
    WORDS.take();
    let thread = thread::spawn(|| {
        COUNT.set(COUNT.get() + 5);
        WORDS.with_borrow_mut(|w| w.push(2));
        thread::yield_now();
        (COUNT.get(), WORDS.take())
    });
    COUNT.set(COUNT.get() + 1);
    thread::yield_now();
    assert_eq!(COUNT.get(), 1);
    assert_eq!(thread.join().unwrap(), (5, vec![1, 2]));
    WORDS.with(|w| assert!(w.borrow().is_empty()));
}

/// A value handed over behind a flag, spinning: data races are loom's to find.
pub(crate) fn cell_behind_a_flag() {
    struct Slot {
        value: UnsafeCell<u32>,
        ready: AtomicBool,
    }
    // SAFETY: `value` is written before `ready` is set and read after.
    unsafe impl Sync for Slot {}
    let slot = Arc::new(Slot { value: UnsafeCell::new(0), ready: AtomicBool::new(false) });
    let other = Arc::clone(&slot);
    let thread = thread::spawn(move || {
        // SAFETY: nobody reads before `ready`.
        other.value.with_mut(|v| unsafe { *v = 9 });
        other.ready.store(true, Ordering::Release);
    });
    while !slot.ready.load(Ordering::Acquire) {
        hint::spin_loop();
    }
    // SAFETY: nobody writes after `ready`.
    assert_eq!(slot.value.with(|v| unsafe { *v }), 9);
    thread.join().unwrap();
}

pub(crate) fn shared_steps_are_atomic() {
    let map = Arc::new(Shared::new("map", (0, 0)));
    let other = Arc::clone(&map);
    let thread = thread::spawn(move || {
        other.write("map.add", |m| {
            m.0 += 1;
            m.1 += 1;
        });
    });
    map.read("map.get", |m| assert_eq!(m.0, m.1, "torn"));
    thread.join().unwrap();
    let map = Arc::into_inner(map).unwrap();
    assert_eq!(map.into_inner(), (1, 1));
}
