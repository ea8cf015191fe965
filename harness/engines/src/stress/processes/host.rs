//! The coordinator's own instance: without actors, sampled while the members play, and brought to rest after them.
//!
//! It lives on a thread of its own, so that a subject that hangs in its drain is a finding and not a hang.

use crate::panics::{Caught, catch};
use racehunt_core::ledger::Ledger;
use racehunt_core::observation::{Seen, Violation};
use racehunt_core::subject::{Instance, Opener};
use racehunt_sync::waits::Group;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

/// Least time between two samples.
const PAUSE: Duration = Duration::from_millis(2);
/// Time between two samples as a multiple of what one takes: a fifth of a CPU at most.
const SHARE: u32 = 4;

enum Ask {
    Open(Opener),
    Rest(Ledger),
    Close,
}

/// An answer.
pub(super) enum Told {
    /// The instance is there; its address.
    Opened(Option<String>),
    /// It came to rest.
    Rested(Box<Rested>),
    /// It was dropped without coming to rest.
    Closed,
    /// The subject panicked: in `open`, `sample` or `rest`.
    Panicked(&'static str, Caught),
}

/// What an instance knew at rest.
pub(super) struct Rested {
    pub(super) ledger: Ledger,
    pub(super) violations: Vec<Violation>,
    pub(super) seen: Seen,
}

/// The way to the thread. It ends when this is dropped, unless the subject hangs.
pub(super) struct Host {
    to: Sender<Ask>,
    from: Receiver<Told>,
}

impl Host {
    pub(super) fn start(group: &Arc<Group>) -> Self {
        let (to, asked) = channel();
        let (tell, from) = channel();
        let group = Arc::clone(group);
        std::thread::spawn(move || {
            group.enter("the coordinator's instance", None);
            serve(&asked, &tell);
        });
        Self { to, from }
    }

    /// Has an instance opened, and sampled from then on.
    pub(super) fn open(&self, opener: Opener) {
        let _ = self.to.send(Ask::Open(opener));
    }

    /// Has it come to rest, and dropped.
    pub(super) fn rest(&self, ledger: Ledger) {
        let _ = self.to.send(Ask::Rest(ledger));
    }

    /// Has it dropped.
    pub(super) fn close(&self) {
        let _ = self.to.send(Ask::Close);
    }

    /// The answer, if it comes in time.
    pub(super) fn answer(&self, wait: Duration) -> Option<Told> {
        self.from.recv_timeout(wait).ok()
    }
}

fn serve(asked: &Receiver<Ask>, tell: &Sender<Told>) {
    while let Ok(ask) = asked.recv() {
        let Ask::Open(opener) = ask else {
            let _ = tell.send(Told::Closed);
            continue;
        };
        let told = match catch(opener) {
            Err(panic) => Told::Panicked("open", panic),
            Ok(instance) => {
                let _ = tell.send(Told::Opened(instance.address()));
                attend(instance, asked)
            }
        };
        let _ = tell.send(told);
    }
}

/// Samples an instance until it is asked to rest.
fn attend(instance: Arc<dyn Instance>, asked: &Receiver<Ask>) -> Told {
    let (mut pause, mut panicked) = (PAUSE, None);
    let ask = loop {
        match asked.recv_timeout(pause) {
            Err(RecvTimeoutError::Timeout) if panicked.is_none() => {
                let from = Instant::now();
                panicked = catch(|| instance.sample()).err();
                pause = PAUSE.max(from.elapsed() * SHARE);
            }
            Err(RecvTimeoutError::Timeout) => pause = Duration::from_secs(1),
            Ok(ask) => break Some(ask),
            Err(RecvTimeoutError::Disconnected) => break None,
        }
    };
    match (ask, panicked) {
        (_, Some(panic)) => Told::Panicked("sample", panic),
        (Some(Ask::Rest(ledger)), None) => rest(instance, ledger),
        _ => match catch(|| drop(instance)) {
            Ok(()) => Told::Closed,
            Err(panic) => Told::Panicked("rest", panic),
        },
    }
}

fn rest(instance: Arc<dyn Instance>, mut ledger: Ledger) -> Told {
    let rest = catch(|| {
        instance.rest(&mut ledger);
        let (violations, seen) = (instance.violations(), instance.seen());
        drop(instance);
        (violations, seen)
    });
    match rest {
        Ok((violations, seen)) => Told::Rested(Box::new(Rested { ledger, violations, seen })),
        Err(panic) => Told::Panicked("rest", panic),
    }
}
