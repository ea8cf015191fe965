//! From a hunt to its outcome: a replay if a token asks for it, else each engine in turn.

use super::outcome::Outcome;
use super::{BEST, Hunt, REPLAY};
use racehunt_core::finding::Finding;
use racehunt_core::outcome::TrialOutcome;
use racehunt_core::plan::{EngineConfig, LoomConfig, Params, Program, ShuttleConfig, Trial, trial_seed};
use racehunt_core::scenario::{Limits, Strategy};
use racehunt_core::token::{CLOSURE, Token};
use racehunt_core::verdict::Verdict;
use racehunt_engines::emit::{Emit, Progress};
use racehunt_engines::model::Model;
use racehunt_engines::{loom, replay, shuttle};
use std::sync::Arc;

/// Executions of shuttle if nobody says how many.
const EXECUTIONS: u64 = 10_000;

/// A test has nobody to tell before its end.
struct Silent;

impl Emit for Silent {
    fn progress(&mut self, _: Progress) {}

    fn finding(&mut self, _: &Finding) {}

    fn stopped(&self) -> bool {
        false
    }
}

pub(super) fn run(hunt: &Hunt, body: impl Fn() + Send + Sync + 'static) -> Outcome {
    let model = Arc::new(Model::closure(body));
    let mut outcome = Outcome::new(&hunt.name, &hunt.expected);
    match asked(hunt) {
        Err(why) => outcome.reasons.push(why),
        Ok(Some(token)) => follow(&token, &model, &mut outcome),
        Ok(None) => {
            let strategy = if hunt.loom.is_some() { hunt.strategy } else { Some(hunt.strategy.unwrap_or(BEST)) };
            let shuttle = strategy.map(|strategy| under_shuttle(hunt, strategy, &model));
            let loom = hunt.loom.as_ref().map(|bounds| under_loom(hunt, bounds, &model));
            outcome.searches.extend(shuttle.into_iter().chain(loom));
            outcome.judge();
        }
    }
    outcome
}

/// The token to replay, if there is one for this hunt.
fn asked(hunt: &Hunt) -> Result<Option<Token>, String> {
    if let Some(text) = &hunt.token {
        let token: Token = text.parse().map_err(|e| format!("replay: {e}"))?;
        return match token.is_closure() && token.subject == hunt.name {
            true => Ok(Some(token)),
            false => Err(format!("replay: this token is of {}", owner(&token))),
        };
    }
    let Some(text) = std::env::var_os(REPLAY).filter(|text| !text.is_empty()) else { return Ok(None) };
    let token: Token = text.to_string_lossy().parse().map_err(|e| format!("{REPLAY}: {e}"))?;
    match token.is_closure() {
        true => Ok((token.subject == hunt.name).then_some(token)),
        false => Err(format!("{REPLAY}: this token is of {}; `racehunt replay` takes it", owner(&token))),
    }
}

fn owner(token: &Token) -> String {
    let what = if token.is_closure() { "the hunt" } else { "the subject" };
    format!("{what} `{}`", token.subject)
}

fn follow(token: &Token, model: &Arc<Model>, outcome: &mut Outcome) {
    match replay::check_closure(token, model) {
        Ok(replayed) => {
            outcome.verdict = Verdict::Fail;
            outcome.reasons.push(format!("the token replays: {}", token.kind));
            outcome.replayed = Some(replayed);
        }
        Err(e) => outcome.reasons.push(e.to_string()),
    }
}

fn under_shuttle(hunt: &Hunt, strategy: Strategy, model: &Arc<Model>) -> TrialOutcome {
    let config = ShuttleConfig {
        threads: 0,
        ops_per_thread: 0,
        strategy,
        executions: hunt.executions.unwrap_or(EXECUTIONS),
        time: hunt.time,
        steps: hunt.steps,
        reduce: true,
        seek: None,
    };
    let trial = trial(hunt, &format!("/{strategy}"), EngineConfig::Shuttle(config.clone()));
    shuttle::search(&trial, &config, model, &[], &mut Silent)
}

fn under_loom(hunt: &Hunt, bounds: &[Option<usize>], model: &Arc<Model>) -> TrialOutcome {
    let config = LoomConfig {
        threads: 0,
        ops_per_thread: 0,
        preemptions: bounds.to_vec(),
        executions: hunt.executions,
        time: hunt.time,
    };
    let trial = trial(hunt, "", EngineConfig::Loom(config.clone()));
    loom::search(&trial, &config, model, &[], &mut Silent)
}

/// The trial that a scenario would have: the subject is the closure.
fn trial(hunt: &Hunt, suffix: &str, engine: EngineConfig) -> Trial {
    let id = format!("{}/{CLOSURE}/{}{suffix}", hunt.name, engine.kind());
    Trial {
        seed: trial_seed(hunt.seed, &id),
        id,
        scenario: hunt.name.clone(),
        subject: hunt.name.clone(),
        variant: CLOSURE.to_owned(),
        params: Params::new(),
        program: Program::Actors(Vec::new()),
        engine,
        faults: Vec::new(),
        limits: Limits::default(),
        mutation: None,
    }
}
