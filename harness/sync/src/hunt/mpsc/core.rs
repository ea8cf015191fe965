//! A channel of a model: one object whose sends and receives are single steps.

use std::collections::VecDeque;
use std::panic::Location;
use std::sync::Mutex;
use std::sync::mpsc::{RecvError, RecvTimeoutError, SendError, TryRecvError, TrySendError};
use std::time::Duration;

use crate::hook::{self, ActorId, Kind, Site};
use crate::model::{self, Object, Token, clock, table};

pub(super) struct Channel<T> {
    object: Object,
    /// `None`: without bound.
    bound: Option<usize>,
    state: Mutex<State<T>>,
}

struct State<T> {
    queue: VecDeque<T>,
    senders: usize,
    receiver: bool,
    /// Messages ever put into the queue, and taken out: a rendezvous is over when its own is out.
    sent: u64,
    taken: u64,
    /// The actor that waits to receive.
    receiving: Option<ActorId>,
}

impl<T> Channel<T> {
    pub(super) fn new(type_name: &'static str, bound: Option<usize>, site: Site) -> Self {
        let state = State { queue: VecDeque::new(), senders: 1, receiver: true, sent: 0, taken: 0, receiving: None };
        Self { object: Object::new(type_name, site), bound, state: Mutex::new(state) }
    }

    pub(super) fn add_sender(&self) {
        table(&self.state).senders += 1;
    }

    /// A sender goes. Only the last one is what the receiver notices, but which one is the last depends on their order,
    /// and what an actor did before it let its sender go need not be what it did when the receiver looks: each is an
    /// operation.
    #[track_caller]
    pub(super) fn remove_sender(&self) {
        self.gone(|state| state.senders -= 1);
    }

    /// The receiver goes, and the messages with it.
    #[track_caller]
    pub(super) fn remove_receiver(&self) {
        self.gone(|state| state.receiver = false);
        if self.bound == Some(0) {
            // The sender that waits takes its message back.
            return;
        }
        // Outside of the table's lock: they may own anything.
        let queue = std::mem::take(&mut table(&self.state).queue);
        drop(queue);
    }

    #[track_caller]
    fn gone(&self, f: impl FnOnce(&mut State<T>)) {
        if model::failed() || !model::in_execution() {
            return f(&mut table(&self.state));
        }
        self.object.once(Kind::Send, Location::caller(), || {
            f(&mut table(&self.state));
            self.changed();
        });
    }

    /// Wakes whoever may wait for the change just made.
    fn changed(&self) {
        let receiving = table(&self.state).receiving;
        self.object.waiters.wake_all();
        if let Some(actor) = receiving {
            clock::interrupt(actor);
        }
    }

    /// Puts the message into the queue if there is room; its number then.
    fn put(&self, message: &mut Option<T>, room: usize) -> Option<u64> {
        let mut state = table(&self.state);
        if state.queue.len() >= room {
            return None;
        }
        state.queue.extend(message.take());
        state.sent += 1;
        Some(state.sent)
    }

    pub(super) fn send(&self, message: T, site: Site) -> Result<(), SendError<T>> {
        let mut message = Some(message);
        let mut number = None;
        let room = self.bound.map_or(usize::MAX, |b| b.max(1));
        self.object.until(Kind::Send, site, || {
            if let Some(number) = number {
                return self.rendezvous(number, &mut message);
            }
            if !table(&self.state).receiver {
                return Some(());
            }
            number = Some(self.put(&mut message, room)?);
            self.changed();
            (self.bound != Some(0)).then_some(())
        });
        message.map_or(Ok(()), |m| Err(SendError(m)))
    }

    /// Whether the message of that number has been received, or never will.
    fn rendezvous(&self, number: u64, message: &mut Option<T>) -> Option<()> {
        let mut state = table(&self.state);
        if state.taken < number && !state.receiver {
            *message = state.queue.pop_front();
            return Some(());
        }
        (state.taken >= number).then_some(())
    }

    pub(super) fn try_send(&self, message: T, site: Site) -> Result<(), TrySendError<T>> {
        let mut message = Some(message);
        let connected = self.object.once(Kind::Send, site, || {
            let (connected, room) = {
                let state = table(&self.state);
                let waiting = state.receiving.is_some();
                (state.receiver, self.bound.map_or(usize::MAX, |b| if b == 0 { usize::from(waiting) } else { b }))
            };
            if connected && self.put(&mut message, room).is_some() {
                self.changed();
            }
            connected
        });
        match message {
            None => Ok(()),
            Some(m) if connected => Err(TrySendError::Full(m)),
            Some(m) => Err(TrySendError::Disconnected(m)),
        }
    }

    /// Takes the first message; `None` if there is none yet.
    fn take(&self) -> Option<Result<T, RecvError>> {
        let (message, disconnected) = {
            let mut state = table(&self.state);
            let message = state.queue.pop_front();
            state.taken += u64::from(message.is_some());
            (message, state.senders == 0)
        };
        match message {
            Some(message) => {
                // Unbounded senders wait for nothing.
                if self.bound.is_some() {
                    self.object.waiters.wake_all();
                }
                Some(Ok(message))
            }
            None => disconnected.then_some(Err(RecvError)),
        }
    }

    pub(super) fn recv(&self, site: Site) -> Result<T, RecvError> {
        self.object.until(Kind::Recv, site, || {
            let out = self.take();
            table(&self.state).receiving = out.is_none().then(hook::actor);
            out
        })
    }

    pub(super) fn try_recv(&self, site: Site) -> Result<T, TryRecvError> {
        match self.object.once(Kind::Recv, site, || self.take()) {
            Some(Ok(message)) => Ok(message),
            Some(Err(RecvError)) => Err(TryRecvError::Disconnected),
            None => Err(TryRecvError::Empty),
        }
    }

    pub(super) fn recv_timeout(&self, timeout: Duration, site: Site) -> Result<T, RecvTimeoutError> {
        model::op((Kind::Recv, self.object.id, site), model::no_value, || {
            table(&self.state).receiving = Some(hook::actor());
            let timer = clock::start(timeout);
            let out = loop {
                timer.point();
                if let Token::Loom(_) = self.object.token {
                    self.object.token.touch();
                }
                match self.take() {
                    Some(Ok(message)) => break Ok(message),
                    Some(Err(RecvError)) => break Err(RecvTimeoutError::Disconnected),
                    None if timer.fires() => break Err(RecvTimeoutError::Timeout),
                    None => timer.block(),
                }
            };
            table(&self.state).receiving = None;
            out
        })
    }
}
