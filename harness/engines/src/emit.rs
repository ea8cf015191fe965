//! What an engine tells while it runs, and how it learns that it should stop.

pub use racehunt_core::protocol::Progress;

use racehunt_core::finding::Finding;
use racehunt_core::outcome::TrialOutcome;
use racehunt_core::plan::Trial;
use racehunt_core::subject::{Subject, SubjectError};

/// The receiver of what an engine tells.
pub trait Emit {
    /// Called now and then, at most some ten times a second.
    fn progress(&mut self, progress: Progress);
    /// Called at once for each new finding, so that it survives the worker.
    fn finding(&mut self, finding: &Finding);
    /// True once the trial should end; looked at between executions.
    fn stopped(&self) -> bool;
}

/// An engine: runs one trial to its end, in the calling process.
pub type RunTrial = fn(&Trial, &dyn Subject, &mut dyn Emit) -> Result<TrialOutcome, EngineError>;

/// Why a trial could not be run at all.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The subject could not be opened.
    #[error("subject {subject}: {source}")]
    Subject {
        /// Its name.
        subject: String,
        /// Why.
        source: SubjectError,
    },
    /// The trial asks for what this engine or the subject does not have.
    #[error("{0}")]
    Trial(String),
    /// The machine refused something (a thread, a file).
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// The answer.
        source: std::io::Error,
    },
}
