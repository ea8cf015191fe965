//! What is run of a subject: the programs of its scenarios, small.

use crate::load::Loaded;
use crate::{Failure, args};
use racehunt_core::plan::{EngineConfig, Plan, Trial, trial_seed};
use racehunt_core::scenario::{Scenario, Strategy, Sweep, Timespan};
use racehunt_core::subject::Subject;
use racehunt_engines::registry::{Subjects, find};

/// What samples schedules, in turn.
const STRATEGIES: [Strategy; 2] = [Strategy::Auto, Strategy::Urw];

/// loom's bound on preemptions.
const BOUND: usize = 2;

/// A trial takes no longer, whatever else is said: for a program that hangs, not to decide anything.
const TIME: Timespan = Timespan::seconds(60);

/// How many executions one trial may have. Counted, so that every machine kills the same mutants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Budget {
    shuttle: u64,
    loom: u64,
}

/// First every mutant gets little: most are found at once.
pub(super) const QUICK: Budget = Budget { shuttle: 200, loom: 2_000 };
/// What is left gets more.
pub(super) const LONG: Budget = Budget { shuttle: 5_000, loom: 10_000 };

/// One subject with its trials.
pub(super) struct Suite<'a> {
    pub(super) subject: &'a dyn Subject,
    pub(super) variant: String,
    /// By scenario and engine; of shuttle one for each strategy.
    pub(super) trials: Vec<Trial>,
}

impl<'a> Suite<'a> {
    /// A suite for each subject that was asked for: without a name, for each that has the variant and a scenario.
    pub(super) fn all(args: &args::Selftest, subjects: Subjects<'a>, loaded: &[Loaded]) -> Result<Vec<Self>, Failure> {
        for name in &args.subjects {
            let Some(subject) = find(subjects, name) else {
                let known: Vec<&str> = subjects.iter().map(|s| s.name()).collect();
                let known = known.join(", ");
                return Err(Failure::Usage(format!("error: no subject {name:?}: one of {known}")));
            };
            if !has(subject, &args.variant) {
                return Err(Failure::Usage(format!("error: {name} has no variant {:?}", args.variant)));
            }
        }
        let asked = |s: &dyn Subject| args.subjects.is_empty() || args.subjects.iter().any(|name| name == s.name());
        let mut suites = Vec::new();
        for subject in subjects.iter().copied().filter(|s| asked(*s) && has(*s, &args.variant)) {
            let of =
                |l: &&Loaded| l.scenario.subject.command().is_none() && l.scenario.subject.label() == subject.name();
            let trials: Vec<Trial> =
                loaded.iter().filter(of).flat_map(|l| trials(&l.scenario, &args.variant, args.seed)).collect();
            if !trials.is_empty() {
                suites.push(Self { subject, variant: args.variant.clone(), trials });
            } else if !args.subjects.is_empty() {
                let name = subject.name();
                return Err(Failure::Usage(format!("error: no scenario of {name} has a model engine (--scenarios)")));
            }
        }
        if suites.is_empty() {
            let message =
                format!("error: no subject with the variant {:?} has a scenario here (--scenarios)", args.variant);
            return Err(Failure::Usage(message));
        }
        Ok(suites)
    }
}

fn has(subject: &dyn Subject, variant: &str) -> bool {
    subject.variants().iter().any(|v| v.name == variant)
}

/// The trials of a scenario's program with the models it names, of that variant and the first of its parameters.
fn trials(scenario: &Scenario, variant: &str, seed: u64) -> Vec<Trial> {
    let mut scenario = scenario.clone();
    scenario.subject.variant = Sweep::one(variant.to_owned());
    for values in scenario.subject.params.values_mut() {
        *values = Sweep::one(values.values()[0].clone());
    }
    let mut trials: Vec<Trial> = Vec::new();
    for trial in Plan::expand(&scenario, seed).trials {
        let engine = trial.engine.kind();
        if trials.iter().any(|t| t.engine.kind() == engine) {
            continue;
        }
        match &trial.engine {
            EngineConfig::Shuttle(_) => trials.extend(STRATEGIES.iter().map(|s| sampled(&trial, *s, seed))),
            EngineConfig::Loom(_) => trials.push(trial),
            EngineConfig::Stress(_) | EngineConfig::Adapter(_) => {}
        }
    }
    trials
}

fn sampled(trial: &Trial, strategy: Strategy, seed: u64) -> Trial {
    let mut trial = trial.clone();
    trial.id = format!("{}/{}/shuttle/{strategy}", trial.subject, trial.variant);
    trial.seed = trial_seed(seed, &trial.id);
    if let EngineConfig::Shuttle(config) = &mut trial.engine {
        config.strategy = strategy;
    }
    trial
}

/// The trial with that budget.
pub(super) fn within(trial: &Trial, budget: Budget) -> Trial {
    let mut trial = trial.clone();
    match &mut trial.engine {
        EngineConfig::Shuttle(config) => {
            config.executions = budget.shuttle;
            config.time = TIME;
        }
        EngineConfig::Loom(config) => {
            config.preemptions = vec![Some(BOUND)];
            config.executions = Some(budget.loom);
            config.time = TIME;
        }
        EngineConfig::Stress(_) | EngineConfig::Adapter(_) => {}
    }
    trial
}
