//! What stands under the name `hardened`: the buffer done right, or, in a build that asks for it, one with a fault that
//! a gate must catch (`ci/gate-power.sh`). No build has one by default.

use super::sink::Sink;
use super::{BufferError, Hardened, Ids, MetricsBuffer, PublishedFix, Total};
use racehunt_sync::hint;
use racehunt_sync::time::{Duration, Instant};
use std::sync::Arc;

/// The buffer called `hardened`.
pub(super) fn hardened(interval: Duration, sink: Arc<dyn Sink<Ids>>) -> Box<dyn MetricsBuffer<Ids>> {
    if cfg!(feature = "planted-mb3") {
        return Box::new(PublishedFix::new(interval, sink));
    }
    let right = Hardened::new(interval, sink);
    if cfg!(feature = "planted-slow-flush") { Box::new(SlowFlush(right)) } else { Box::new(right) }
}

/// A buffer whose flush takes a fifth longer, of which it makes nothing.
struct SlowFlush<B>(B);

impl<B: MetricsBuffer<Ids>> MetricsBuffer<Ids> for SlowFlush<B> {
    fn increment(&self, metric: &str, amount: Ids) -> Result<(), BufferError> {
        self.0.increment(metric, amount)
    }

    fn timing(&self, metric: &str, amount: Ids) -> Result<(), BufferError> {
        self.0.timing(metric, amount)
    }

    fn flush(&self) -> Result<(), BufferError> {
        let started = Instant::now();
        let result = self.0.flush();
        let done = Instant::now();
        let until = done + done.saturating_duration_since(started) / 5;
        while Instant::now() < until {
            hint::spin_loop();
        }
        result
    }

    fn held(&self) -> Vec<Total<Ids>> {
        self.0.held()
    }
}
