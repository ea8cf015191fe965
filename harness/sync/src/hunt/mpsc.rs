//! Channels.

mod core;

pub use std::sync::mpsc::{RecvError, RecvTimeoutError, SendError, TryRecvError, TrySendError};

use std::fmt;
use std::panic::Location;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use crate::engine;
use crate::hook::{Kind, Object, Site};
use crate::mutant::{self, Operator};
use crate::perturb;
use crate::waits::{self, On};
use core::Channel;

/// [`std::sync::mpsc::Sender`].
pub struct Sender<T>(Side<mpsc::Sender<T>, Out<T>>);

/// [`std::sync::mpsc::SyncSender`].
pub struct SyncSender<T>(Side<mpsc::SyncSender<T>, Out<T>>);

/// [`std::sync::mpsc::Receiver`].
pub struct Receiver<T> {
    side: Side<mpsc::Receiver<T>, In<T>>,
    type_name: &'static str,
    /// Not shared between threads, as in std.
    not_sync: std::marker::PhantomData<std::cell::Cell<()>>,
}

enum Side<N, M> {
    /// With where the channel was made.
    Native(N, Site),
    Model(M),
}

/// A channel as what one waits for.
fn on(type_name: &'static str, made: Site) -> On<'static> {
    On::Object(Object { type_name, site: made })
}

/// A counted sender of a model.
struct Out<T>(Arc<Channel<T>>);

/// The receiver of a model.
struct In<T>(Arc<Channel<T>>);

impl<T> Clone for Out<T> {
    fn clone(&self) -> Self {
        self.0.add_sender();
        Self(Arc::clone(&self.0))
    }
}

impl<T> Drop for Out<T> {
    fn drop(&mut self) {
        self.0.remove_sender();
    }
}

impl<T> Drop for In<T> {
    fn drop(&mut self) {
        self.0.remove_receiver();
    }
}

/// A channel without bound.
#[track_caller]
#[must_use]
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    if engine::current().is_model() {
        let (send, recv) = model("Channel", None, Location::caller());
        (Sender(Side::Model(send)), recv)
    } else {
        let ((send, recv), site) = (mpsc::channel(), Location::caller());
        (Sender(Side::Native(send, site)), Receiver::new(Side::Native(recv, site), "Channel"))
    }
}

/// A channel that holds `bound` messages; with a bound of 0 a send waits until it is received.
#[track_caller]
#[must_use]
pub fn sync_channel<T>(bound: usize) -> (SyncSender<T>, Receiver<T>) {
    if engine::current().is_model() {
        let (send, recv) = model("SyncChannel", Some(bound), Location::caller());
        (SyncSender(Side::Model(send)), recv)
    } else {
        let ((send, recv), site) = (mpsc::sync_channel(bound), Location::caller());
        (SyncSender(Side::Native(send, site)), Receiver::new(Side::Native(recv, site), "SyncChannel"))
    }
}

fn model<T>(type_name: &'static str, bound: Option<usize>, site: Site) -> (Out<T>, Receiver<T>) {
    let channel = Arc::new(Channel::new(type_name, bound, site));
    (Out(Arc::clone(&channel)), Receiver::new(Side::Model(In(channel)), type_name))
}

/// True where a mutant loses the message.
fn is_skipped(site: Site) -> bool {
    let skipped = mutant::at(site, "send", &[Operator::Skip]).is_some();
    if skipped {
        mutant::differed();
    }
    skipped
}

impl<T> Sender<T> {
    /// Sends a message; never waits.
    ///
    /// # Errors
    ///
    /// With the message if the receiver is gone.
    #[track_caller]
    pub fn send(&self, message: T) -> Result<(), SendError<T>> {
        match &self.0 {
            Side::Native(send, _) => {
                perturb::point();
                send.send(message)
            }
            Side::Model(_) if is_skipped(Location::caller()) => Ok(()),
            Side::Model(out) => out.0.send(message, Location::caller()),
        }
    }
}

impl<T> SyncSender<T> {
    /// Sends a message; waits for room.
    ///
    /// # Errors
    ///
    /// With the message if the receiver is gone.
    #[track_caller]
    pub fn send(&self, message: T) -> Result<(), SendError<T>> {
        match &self.0 {
            Side::Native(send, made) => {
                perturb::point();
                match send.try_send(message) {
                    Ok(()) => Ok(()),
                    Err(TrySendError::Disconnected(message)) => Err(SendError(message)),
                    Err(TrySendError::Full(message)) => {
                        let send = || send.send(message);
                        waits::during(Kind::Send, on("SyncChannel", made), Location::caller(), false, send)
                    }
                }
            }
            Side::Model(_) if is_skipped(Location::caller()) => Ok(()),
            Side::Model(out) => out.0.send(message, Location::caller()),
        }
    }

    /// Sends a message if there is room for it.
    ///
    /// # Errors
    ///
    /// With the message if there is none, or if the receiver is gone.
    #[track_caller]
    pub fn try_send(&self, message: T) -> Result<(), TrySendError<T>> {
        match &self.0 {
            Side::Native(send, _) => {
                perturb::point();
                send.try_send(message)
            }
            Side::Model(out) => out.0.try_send(message, Location::caller()),
        }
    }
}

impl<T> Receiver<T> {
    fn new(side: Side<mpsc::Receiver<T>, In<T>>, type_name: &'static str) -> Self {
        Self { side, type_name, not_sync: std::marker::PhantomData }
    }

    /// Waits for a message.
    ///
    /// # Errors
    ///
    /// If there is none and all senders are gone.
    #[track_caller]
    pub fn recv(&self) -> Result<T, RecvError> {
        match &self.side {
            Side::Native(recv, made) => {
                perturb::point();
                match recv.try_recv() {
                    Ok(message) => Ok(message),
                    Err(TryRecvError::Disconnected) => Err(RecvError),
                    Err(TryRecvError::Empty) => {
                        let on = on(self.type_name, made);
                        waits::during(Kind::Recv, on, Location::caller(), false, || recv.recv())
                    }
                }
            }
            Side::Model(side) => side.0.recv(Location::caller()),
        }
    }

    /// Takes a message if there is one.
    ///
    /// # Errors
    ///
    /// If there is none, or none and all senders are gone.
    #[track_caller]
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        match &self.side {
            Side::Native(recv, _) => {
                perturb::point();
                recv.try_recv()
            }
            Side::Model(side) => side.0.try_recv(Location::caller()),
        }
    }

    /// Waits for a message, or until `timeout` has passed (see [`crate::time`]).
    ///
    /// # Errors
    ///
    /// If there is none, or none and all senders are gone.
    #[track_caller]
    pub fn recv_timeout(&self, timeout: Duration) -> Result<T, RecvTimeoutError> {
        match &self.side {
            Side::Native(recv, made) => {
                perturb::point();
                let on = on(self.type_name, made);
                waits::during(Kind::Recv, on, Location::caller(), true, || recv.recv_timeout(timeout))
            }
            Side::Model(side) => side.0.recv_timeout(timeout, Location::caller()),
        }
    }

    /// The messages until all senders are gone.
    pub fn iter(&self) -> Iter<'_, T> {
        Iter(self)
    }

    /// The messages that are there now.
    pub fn try_iter(&self) -> TryIter<'_, T> {
        TryIter(self)
    }
}

/// [`std::sync::mpsc::Iter`].
#[derive(Debug)]
pub struct Iter<'a, T: 'a>(&'a Receiver<T>);

/// [`std::sync::mpsc::TryIter`].
#[derive(Debug)]
pub struct TryIter<'a, T: 'a>(&'a Receiver<T>);

/// [`std::sync::mpsc::IntoIter`].
#[derive(Debug)]
pub struct IntoIter<T>(Receiver<T>);

impl<T> Iterator for Iter<'_, T> {
    type Item = T;
    #[track_caller]
    fn next(&mut self) -> Option<T> {
        self.0.recv().ok()
    }
}

impl<T> Iterator for TryIter<'_, T> {
    type Item = T;
    #[track_caller]
    fn next(&mut self) -> Option<T> {
        self.0.try_recv().ok()
    }
}

impl<T> Iterator for IntoIter<T> {
    type Item = T;
    #[track_caller]
    fn next(&mut self) -> Option<T> {
        self.0.recv().ok()
    }
}

impl<'a, T> IntoIterator for &'a Receiver<T> {
    type Item = T;
    type IntoIter = Iter<'a, T>;
    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

impl<T> IntoIterator for Receiver<T> {
    type Item = T;
    type IntoIter = IntoIter<T>;
    fn into_iter(self) -> IntoIter<T> {
        IntoIter(self)
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Self(match &self.0 {
            Side::Native(send, made) => Side::Native(send.clone(), made),
            Side::Model(out) => Side::Model(out.clone()),
        })
    }
}

impl<T> Clone for SyncSender<T> {
    fn clone(&self) -> Self {
        Self(match &self.0 {
            Side::Native(send, made) => Side::Native(send.clone(), made),
            Side::Model(out) => Side::Model(out.clone()),
        })
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for SyncSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SyncSender").finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").finish_non_exhaustive()
    }
}
