//! What one process has of its own: the component, and the registry it would be got from.

use super::{AsShipped, BufferError, Hardened, PublishedFix, RacyRegistry, Registry, Settings, TraceBuffer};
use racehunt_sync::Arc;
use std::sync::{Mutex, PoisonError};

/// A variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    AsShipped,
    PublishedFix,
    Hardened,
}

/// A buffer of any variant.
pub(super) type Component = Box<dyn TraceBuffer>;

impl Kind {
    /// Opens a buffer of this variant.
    pub(super) fn open(self, settings: Settings) -> Result<Component, BufferError> {
        Ok(match self {
            Self::AsShipped => Box::new(AsShipped::new(settings)?),
            Self::PublishedFix => Box::new(PublishedFix::new(settings)?),
            Self::Hardened => Box::new(Hardened::new(settings)?),
        })
    }
}

/// The process's instance, by the variant's way of having only one.
enum OnlyOne {
    Racy(RacyRegistry<Component>),
    Sound(Registry<Component>),
}

/// One process's part in an instance.
pub(super) struct Member {
    /// What all its calls but `open` use: opened before them, so that TB10 shows where it is looked for only.
    pub(super) buffer: Component,
    only_one: OnlyOne,
    /// What `open` got so far. Of the harness: std's lock, and no step is taken under it.
    got: Mutex<Vec<Arc<Component>>>,
}

impl Member {
    /// A process that opens its buffers with `open`.
    pub(super) fn new(kind: Kind, open: impl Fn() -> Component + Send + Sync + 'static) -> Self {
        let buffer = open();
        let only_one = match kind {
            Kind::AsShipped | Kind::PublishedFix => OnlyOne::Racy(RacyRegistry::new(open)),
            Kind::Hardened => OnlyOne::Sound(Registry::new(open)),
        };
        Self { buffer, only_one, got: Mutex::default() }
    }

    /// Asks for the process's instance; false if somebody was given another one before.
    pub(super) fn open(&self) -> bool {
        let mine = match &self.only_one {
            OnlyOne::Racy(registry) => registry.get(),
            OnlyOne::Sound(registry) => registry.get(),
        };
        let mut got = self.got.lock().unwrap_or_else(PoisonError::into_inner);
        let same = got.iter().all(|other| Arc::ptr_eq(other, &mine));
        got.push(mine);
        same
    }
}
