//! Channels.

use racehunt_sync::mpsc::{self, RecvError, TryRecvError, TrySendError};
use racehunt_sync::thread;

pub(crate) fn order_and_disconnect() {
    let (send, recv) = mpsc::channel();
    let thread = thread::spawn(move || {
        for i in 0..3 {
            send.send(i).unwrap();
        }
    });
    assert_eq!(recv.iter().collect::<Vec<_>>(), [0, 1, 2]);
    assert_eq!(recv.recv(), Err(RecvError));
    assert_eq!(recv.try_recv(), Err(TryRecvError::Disconnected));
    thread.join().unwrap();
}

pub(crate) fn many_senders() {
    let (send, recv) = mpsc::channel();
    for i in 0..2 {
        let send = send.clone();
        thread::spawn(move || send.send(i).unwrap());
    }
    drop(send);
    let mut all: Vec<_> = recv.into_iter().collect();
    all.sort_unstable();
    assert_eq!(all, [0, 1]);
}

pub(crate) fn receiver_gone() {
    let (send, recv) = mpsc::channel();
    let thread = thread::spawn(move || drop(recv));
    // Whether the first is taken or not, one after the receiver's end is handed back.
    let first = send.send(1);
    assert!(first.is_ok() || first.unwrap_err().0 == 1);
    thread.join().unwrap();
    assert_eq!(send.send(2).unwrap_err().0, 2);
}

pub(crate) fn bounded_waits_for_room() {
    let (send, recv) = mpsc::sync_channel(1);
    let thread = thread::spawn(move || {
        for i in 0..3 {
            send.send(i).unwrap();
        }
    });
    for i in 0..3 {
        assert_eq!(recv.recv(), Ok(i));
    }
    thread.join().unwrap();
}

pub(crate) fn rendezvous() {
    let (send, recv) = mpsc::sync_channel(0);
    let thread = thread::spawn(move || {
        send.send(1).unwrap();
        send.send(2).map_err(|e| e.0)
    });
    assert_eq!(recv.recv(), Ok(1));
    drop(recv);
    assert_eq!(thread.join().unwrap(), Err(2), "what nobody received is handed back");
}

pub(crate) fn try_operations() {
    let (send, recv) = mpsc::sync_channel(1);
    assert_eq!(recv.try_recv(), Err(TryRecvError::Empty));
    send.try_send(1).unwrap();
    assert_eq!(send.try_send(2), Err(TrySendError::Full(2)));
    assert_eq!(recv.try_iter().collect::<Vec<_>>(), [1]);
    drop(recv);
    assert_eq!(send.try_send(3), Err(TrySendError::Disconnected(3)));
    let (send, recv) = mpsc::sync_channel(0);
    assert_eq!(send.try_send(4), Err(TrySendError::Full(4)));
    drop(send);
    assert_eq!(recv.recv(), Err::<i32, _>(RecvError));
}
