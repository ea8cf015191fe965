//! The systems racehunt ships, each in several variants: as shipped, as the published fix left it, and hardened.
//!
//! A system is one module; its module documentation tells the field report and what each variant gets wrong. The
//! scenarios that hunt it lie beside the sources, in the folder of the system's name.

pub mod event_bus;
mod lock_file;
pub mod metrics_buffer;
mod params;
pub mod polling_worker;
pub mod trace_buffer;

use racehunt_core::subject::Subject;

/// Every subject of this crate.
#[must_use]
pub fn subjects() -> &'static [&'static dyn Subject] {
    &[
        &metrics_buffer::MetricsBufferSubject,
        &trace_buffer::TraceBufferSubject,
        &event_bus::EventBusSubject,
        &polling_worker::PollingWorkerSubject,
    ]
}
