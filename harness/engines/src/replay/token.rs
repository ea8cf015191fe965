//! Replays by token: the execution, held against what the token says of its steps.

use super::{CheckError, ReplayError, play};
use crate::model::Model;
use crate::strategy::Exact;
use crate::{loom, panics};
use racehunt_core::finding::fingerprint;
use racehunt_core::interleaving::Interleaving;
use racehunt_core::observation::Violation;
use racehunt_core::plan::{EngineConfig, Trial};
use racehunt_core::subject::Subject;
use racehunt_core::token::{How, Token};
use racehunt_sync::engine::{self, Engine};
use std::sync::Arc;

/// A failure that was seen again.
#[derive(Clone, Debug, PartialEq)]
pub struct Replayed {
    /// What was broken.
    pub violation: Violation,
    /// The steps.
    pub interleaving: Interleaving,
}

/// Replays a token of a subject, in the calling process.
///
/// # Errors
/// At the first difference, or when the subject cannot be opened as the token says.
pub fn check_token(token: &Token, subject: &dyn Subject) -> Result<Replayed, CheckError> {
    let trial = token.trial();
    let model = Arc::new(Model::new(&trial, &token.program, subject)?);
    Ok(follow(token, &trial, &model)?)
}

/// Replays a token of a closure that `model` is made of, in the calling process.
///
/// # Errors
/// At the first difference.
pub fn check_closure(token: &Token, model: &Arc<Model>) -> Result<Replayed, ReplayError> {
    follow(token, &token.trial(), model)
}

fn follow(token: &Token, trial: &Trial, model: &Arc<Model>) -> Result<Replayed, ReplayError> {
    let _quiet = panics::keep();
    let (diverged, now, violations) = match (&token.how, &trial.engine) {
        (How::Schedule { picks, .. }, EngineConfig::Shuttle(config)) => {
            let _entered = engine::enter(Engine::Shuttle);
            let (exact, result) = Exact::new(picks.0.clone());
            let played = play(model, Box::new(exact), false, token.seed, config, true);
            if let Some(broken) = played.broken {
                return Err(ReplayError::Engine(broken));
            }
            (result.diverged(), played.interleaving.unwrap_or_default(), played.violations)
        }
        (How::Execution { preemptions, execution }, _) => {
            let (now, violations) = loom::execution(model, token.seed, *preemptions, *execution)?;
            (None, now, violations)
        }
        _ => return Err(ReplayError::Engine("the token's engine has no schedules".to_owned())),
    };
    // The steps before the choices: a step is what has changed, a choice only what it leads to.
    if let Some(trail) = &token.trail {
        let numbered = matches!(token.how, How::Execution { .. });
        trail.compare(&now).map_err(|differs| ReplayError::Changed { differs, numbered })?;
    }
    if let Some(diverged) = diverged {
        return Err(diverged.into());
    }
    let print = |v: &Violation| fingerprint(&token.subject, &token.variant, v.kind, &v.detail);
    let got: Vec<String> = violations.iter().map(|v| format!("{} ({})", v.kind, v.detail)).collect();
    match violations.into_iter().find(|v| v.kind == token.kind && print(v) == token.fingerprint) {
        Some(violation) => Ok(Replayed { violation, interleaving: now }),
        None => Err(ReplayError::OtherResult {
            want: format!("{} with the fingerprint {}", token.kind, token.fingerprint),
            got: if got.is_empty() { "nothing broken".to_owned() } else { got.join(", ") },
        }),
    }
}
