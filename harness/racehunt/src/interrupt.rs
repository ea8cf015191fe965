//! Ctrl-C and SIGTERM end a run cleanly; the second one ends it at once.

use crate::Failure;
use racehunt_reports::exit;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// A flag that is true once the run should end.
pub(crate) fn flag() -> Result<Arc<AtomicBool>, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // The order matters: the conditional one first, so that the first signal does not see its own flag.
        flag::register_conditional_shutdown(signal, i32::from(exit::INTERRUPTED), Arc::clone(&stop))
            .map_err(Failure::harness("signal handler"))?;
        flag::register(signal, Arc::clone(&stop)).map_err(Failure::harness("signal handler"))?;
    }
    Ok(stop)
}
