//! One buffer for the process, opened when it is first asked for (TB10).

use racehunt_sync::shared::Shared;
use racehunt_sync::{Arc, OnceLock};

/// As the package keeps it: look whether there is one, and if not, open one and note it. Two threads that look before
/// either notes open two, each with its own lock.
pub struct RacyRegistry<B> {
    instance: Shared<Option<Arc<B>>>,
    open: Box<dyn Fn() -> B + Send + Sync>,
}

impl<B> RacyRegistry<B> {
    /// A registry that opens its buffer with `open`.
    pub fn new(open: impl Fn() -> B + Send + Sync + 'static) -> Self {
        Self { instance: Shared::new("instance", None), open: Box::new(open) }
    }

    /// The buffer; not the same for everybody who asks early.
    pub fn get(&self) -> Arc<B> {
        if self.instance.read("is there one?", Option::is_none) {
            let opened = Arc::new((self.open)());
            self.instance.write("note it", |slot| *slot = Some(opened));
        }
        // The package reads its global again, so that it may return what another has just noted.
        self.instance.read("take it", Option::clone).expect("it was noted, and nobody takes it out")
    }
}

/// One buffer for all, whoever asks first.
pub struct Registry<B: 'static> {
    instance: OnceLock<Arc<B>>,
    open: Box<dyn Fn() -> B + Send + Sync>,
}

impl<B: 'static> Registry<B> {
    /// A registry that opens its buffer with `open`.
    pub fn new(open: impl Fn() -> B + Send + Sync + 'static) -> Self {
        Self { instance: OnceLock::new(), open: Box::new(open) }
    }

    /// The buffer.
    pub fn get(&self) -> Arc<B> {
        Arc::clone(self.instance.get_or_init(|| Arc::new((self.open)())))
    }
}
