//! Sleeping, instants, timeouts. Nothing here depends on how long anything takes.

use racehunt_sync::mpsc::{self, RecvTimeoutError};
use racehunt_sync::time::{Duration, Instant};
use racehunt_sync::{Arc, Condvar, Mutex, thread};

const SHORT: Duration = Duration::from_micros(50);

pub(crate) fn clock_is_monotonic() {
    let start = Instant::now();
    let thread = thread::spawn(move || {
        thread::sleep(SHORT * 2);
        start.elapsed()
    });
    thread::sleep(SHORT);
    let mine = start.elapsed();
    assert!(mine >= SHORT);
    assert!(thread.join().unwrap() >= SHORT * 2);
    assert!(start.elapsed() >= mine && Instant::now() - start >= SHORT * 2);
}

pub(crate) fn timeouts_end() {
    let (send, recv) = mpsc::channel::<()>();
    assert_eq!(recv.recv_timeout(SHORT), Err(RecvTimeoutError::Timeout));
    drop(send);
    assert_eq!(recv.recv_timeout(SHORT), Err(RecvTimeoutError::Disconnected));
    thread::park_timeout(SHORT);
    let (lock, condvar) = (Mutex::new(()), Condvar::new());
    let (held, result) = condvar.wait_timeout_while(lock.lock().unwrap(), SHORT, |()| true).unwrap();
    assert!(result.timed_out());
    drop(held);
}

pub(crate) fn notification_or_timeout() {
    let pair = Arc::new((Mutex::new(false), Condvar::new()));
    let other = Arc::clone(&pair);
    let thread = thread::spawn(move || {
        *other.0.lock().unwrap() = true;
        other.1.notify_one();
    });
    let (go, result) = pair.1.wait_timeout_while(pair.0.lock().unwrap(), SHORT, |go| !*go).unwrap();
    assert!(*go || result.timed_out());
    drop(go);
    thread.join().unwrap();
    assert!(*pair.0.lock().unwrap());
}
