//! Locks, condvars, barriers.

use racehunt_sync::atomic::{AtomicUsize, Ordering::SeqCst};
use racehunt_sync::{Arc, Barrier, Condvar, Mutex, RwLock, TryLockError, thread};

pub(crate) fn mutual_exclusion() {
    let value = Arc::new(Mutex::new((0, false)));
    let add = |value: Arc<Mutex<(u32, bool)>>| {
        thread::spawn(move || {
            for _ in 0..2 {
                let mut held = value.lock().unwrap();
                assert!(!std::mem::replace(&mut held.1, true), "two actors inside");
                held.0 += 1;
                held.1 = false;
            }
        })
    };
    let (a, b) = (add(Arc::clone(&value)), add(Arc::clone(&value)));
    a.join().unwrap();
    b.join().unwrap();
    assert_eq!(value.lock().unwrap().0, 4);
}

pub(crate) fn try_lock_never_waits() {
    let value = Arc::new(Mutex::new(0));
    let held = value.lock().unwrap();
    let other = Arc::clone(&value);
    let thread = thread::spawn(move || matches!(other.try_lock(), Err(TryLockError::WouldBlock)));
    assert!(thread.join().unwrap());
    drop(held);
    assert!(value.try_lock().is_ok());
}

pub(crate) fn unsized_and_inner() {
    let lock: Arc<Mutex<dyn Send>> = Arc::new(Mutex::new(5u8));
    drop(lock.lock().unwrap());
    let mut lock = Mutex::new(String::from("a"));
    lock.get_mut().unwrap().push('b');
    assert_eq!(lock.into_inner().unwrap(), "ab");
    let mut lock = RwLock::from(1);
    *lock.get_mut().unwrap() += 1;
    assert_eq!(lock.into_inner().unwrap(), 2);
    assert_eq!(*Mutex::<u8>::default().lock().unwrap(), 0);
}

pub(crate) fn condvar_hand_over() {
    let pair = Arc::new((Mutex::new(None), Condvar::new()));
    let other = Arc::clone(&pair);
    let giver = thread::spawn(move || {
        *other.0.lock().unwrap() = Some(7);
        other.1.notify_one();
    });
    let got = pair.1.wait_while(pair.0.lock().unwrap(), |v| v.is_none()).unwrap().take();
    assert_eq!(got, Some(7));
    giver.join().unwrap();
}

pub(crate) fn notify_one_wakes_one() {
    let pair = Arc::new((Mutex::new(0), Condvar::new()));
    let take = |pair: Arc<(Mutex<u32>, Condvar)>| {
        thread::spawn(move || {
            let mut left = pair.1.wait_while(pair.0.lock().unwrap(), |left| *left == 0).unwrap();
            *left -= 1;
        })
    };
    let (a, b) = (take(Arc::clone(&pair)), take(Arc::clone(&pair)));
    for _ in 0..2 {
        *pair.0.lock().unwrap() += 1;
        pair.1.notify_one();
    }
    a.join().unwrap();
    b.join().unwrap();
    assert_eq!(*pair.0.lock().unwrap(), 0);
}

pub(crate) fn notify_all_wakes_all() {
    let pair = Arc::new((Mutex::new(false), Condvar::new()));
    let wait = |pair: Arc<(Mutex<bool>, Condvar)>| {
        thread::spawn(move || {
            let go = pair.1.wait_while(pair.0.lock().unwrap(), |go| !*go);
            assert!(*go.unwrap());
        })
    };
    let (a, b) = (wait(Arc::clone(&pair)), wait(Arc::clone(&pair)));
    *pair.0.lock().unwrap() = true;
    pair.1.notify_all();
    a.join().unwrap();
    b.join().unwrap();
}

pub(crate) fn rwlock_excludes_and_shares() {
    let lock = Arc::new((RwLock::new((0, 0)), AtomicUsize::new(0)));
    let other = Arc::clone(&lock);
    let writer = thread::spawn(move || {
        let mut pair = other.0.write().unwrap();
        assert_eq!(other.1.load(SeqCst), 0, "a reader inside");
        pair.0 += 1;
        pair.1 += 1;
    });
    {
        let first = lock.0.read().unwrap();
        lock.1.fetch_add(1, SeqCst);
        assert_eq!(first.0, first.1, "torn");
        assert!(lock.0.try_write().is_err());
        lock.1.fetch_sub(1, SeqCst);
    }
    writer.join().unwrap();
    let (a, b) = (lock.0.read().unwrap(), lock.0.try_read().unwrap());
    assert_eq!((a.0, b.1), (1, 1));
}

pub(crate) fn barrier_has_one_leader() {
    let shared = Arc::new((Barrier::new(2), AtomicUsize::new(0)));
    let other = Arc::clone(&shared);
    let thread = thread::spawn(move || {
        other.1.fetch_add(1, SeqCst);
        let leader = other.0.wait().is_leader();
        assert_eq!(other.1.load(SeqCst), 2);
        leader
    });
    shared.1.fetch_add(1, SeqCst);
    let leader = shared.0.wait().is_leader();
    assert_eq!(shared.1.load(SeqCst), 2);
    assert!(leader ^ thread.join().unwrap());
}
