//! Trials of a weakened component.
//!
//! The switches are global to the process, as racehunt-sync has them: of several trials with a mutation in one process,
//! each waits for the one before. The worker processes have one each.

use crate::emit::{Emit, EngineError, Progress, RunTrial};
use racehunt_core::finding::Finding;
use racehunt_core::mutant::{Mutant, Mutated, Mutation, Operator};
use racehunt_core::outcome::TrialOutcome;
use racehunt_core::plan::Trial;
use racehunt_core::subject::Subject;
use racehunt_sync::mutant::{self, Armed};

/// Runs the trial by `engine` in the calling process, with what is to be done to its component. One with a mutant ends
/// with its first finding, which is neither shrunk nor confirmed.
///
/// # Errors
/// Those of the engine.
pub fn run(
    engine: RunTrial,
    trial: &Trial,
    subject: &dyn Subject,
    emit: &mut dyn Emit,
) -> Result<TrialOutcome, EngineError> {
    let Some(mutation) = &trial.mutation else { return engine(trial, subject, emit) };
    let armed = arm(mutation);
    let first = matches!(mutation, Mutation::Mutant(_));
    let mut outcome = engine(trial, subject, &mut UntilFound { emit, first, found: false })?;
    outcome.mutated = Some(seen(&armed));
    Ok(outcome)
}

/// Arms a mutation in this process.
pub(crate) fn arm(mutation: &Mutation) -> Armed {
    match mutation {
        Mutation::Survey => mutant::survey(),
        Mutation::Mutant(Mutant { site, what, operator }) => mutant::arm(site, what, to_facade(*operator)),
    }
}

fn seen(armed: &Armed) -> Mutated {
    let mutant::Seen { reached, differed } = armed.seen();
    let points = armed.points().into_iter().map(|point| Mutant {
        site: point.site.to_string(),
        what: point.what.to_owned(),
        operator: from_facade(point.operator),
    });
    Mutated { reached, differed, points: points.collect() }
}

fn to_facade(operator: Operator) -> mutant::Operator {
    mutant::Operator::ALL[Operator::ALL.iter().position(|o| *o == operator).unwrap_or_default()]
}

fn from_facade(operator: mutant::Operator) -> Operator {
    Operator::ALL[mutant::Operator::ALL.iter().position(|o| *o == operator).unwrap_or_default()]
}

/// True for a source file of the harness's own.
#[must_use]
pub fn is_of_harness(file: &str) -> bool {
    file.starts_with(file!().trim_end_matches("mutants.rs"))
}

/// Ends a trial with its first finding.
struct UntilFound<'a> {
    emit: &'a mut dyn Emit,
    first: bool,
    found: bool,
}

impl Emit for UntilFound<'_> {
    fn progress(&mut self, progress: Progress) {
        self.emit.progress(progress);
    }

    fn finding(&mut self, finding: &Finding) {
        self.found = true;
        self.emit.finding(finding);
    }

    fn stopped(&self) -> bool {
        (self.first && self.found) || self.emit.stopped()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operators_are_those_of_the_facade() {
        for (ours, theirs) in Operator::ALL.into_iter().zip(mutant::Operator::ALL) {
            assert_eq!(ours.word(), theirs.word());
            assert_eq!((to_facade(ours), from_facade(theirs)), (theirs, ours));
        }
    }
}
