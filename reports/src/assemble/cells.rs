//! The grid of variants × engines, and what each cell of it came to.

use super::trust;
use crate::model::{CleanCell, ExpectationCell, FindingCell};
use racehunt_core::finding::FindingKind;
use racehunt_core::outcome::TrialOutcome;
use racehunt_core::plan::Trial;
use racehunt_core::scenario::{EngineKind, Expectation, Scenario};
use racehunt_core::verdict::Verdict;

/// True if the expectation says that this variant under this engine must show it. An empty list stands for all.
pub(super) fn covers(scenario: &Scenario, one: &Expectation, variant: &str, engine: EngineKind) -> bool {
    names_variant(scenario, one, variant) && names_engine(scenario, one, engine)
}

fn names_variant(scenario: &Scenario, one: &Expectation, variant: &str) -> bool {
    let all = scenario.subject.variant.values();
    if one.variants.is_empty() { all.iter().any(|v| v == variant) } else { one.variants.iter().any(|v| v == variant) }
}

fn names_engine(scenario: &Scenario, one: &Expectation, engine: EngineKind) -> bool {
    if one.engines.is_empty() { scenario.engines().contains(&engine) } else { one.engines.contains(&engine) }
}

/// What a cell is judged by.
pub(super) struct Grid<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) planned: &'a [Trial],
    /// What other parts of the run have: a cell that is all there is no cell here.
    pub(super) elsewhere: &'a [Trial],
    pub(super) outcomes: &'a [TrialOutcome],
    pub(super) unexpected: &'a [FindingCell],
    pub(super) interrupted: bool,
}

impl Grid<'_> {
    /// Every cell that the scenario configures, that was planned or that has an outcome, in the order of the scenario.
    fn places(&self) -> Vec<(String, EngineKind)> {
        let mut places = Vec::new();
        for variant in self.scenario.subject.variant.values() {
            places.extend(self.scenario.engines().into_iter().map(|engine| (variant.clone(), engine)));
        }
        let trials = self.planned.iter().chain(self.outcomes.iter().map(|outcome| &outcome.trial));
        let named =
            self.scenario.expect.iter().flat_map(|one| {
                one.variants.iter().flat_map(|v| one.engines.iter().map(|engine| (v.clone(), *engine)))
            });
        for place in trials.map(|trial| (trial.variant.clone(), trial.engine.kind())).chain(named) {
            if !places.contains(&place) {
                places.push(place);
            }
        }
        let at = |trials: &[Trial], (variant, engine): &(String, EngineKind)| {
            trials.iter().any(|t| is_at(t, variant, *engine))
        };
        places.retain(|place| at(self.planned, place) || !at(self.elsewhere, place));
        places
    }

    fn outcomes_at(&self, variant: &str, engine: EngineKind) -> Vec<&TrialOutcome> {
        self.outcomes.iter().filter(|outcome| is_at(&outcome.trial, variant, engine)).collect()
    }

    /// True if a planned trial of the cell has no outcome, or may have been cut short.
    fn incomplete(&self, variant: &str, engine: EngineKind) -> bool {
        let missing = |trial: &&Trial| {
            is_at(trial, variant, engine) && !self.outcomes.iter().any(|outcome| outcome.trial.id == trial.id)
        };
        self.interrupted || self.planned.iter().any(|trial| missing(&trial))
    }

    /// Each expectation in each of its variants, under every engine.
    pub(super) fn expectations(&self) -> Vec<ExpectationCell> {
        let places = self.places();
        let mut cells = Vec::new();
        for one in &self.scenario.expect {
            for (variant, engine) in &places {
                if names_variant(self.scenario, one, variant) {
                    cells.push(self.expectation(one, variant, *engine));
                }
            }
        }
        cells
    }

    fn expectation(&self, one: &Expectation, variant: &str, engine: EngineKind) -> ExpectationCell {
        let outcomes = self.outcomes_at(variant, engine);
        let kind = one.finding;
        let matching = outcomes.iter().flat_map(|outcome| &outcome.findings).filter(|f| f.kind == kind);
        let mut fingerprints: Vec<String> = matching.map(|finding| finding.fingerprint.clone()).collect();
        fingerprints.sort_unstable();
        fingerprints.dedup();
        let expected = names_engine(self.scenario, one, engine);
        let found = !fingerprints.is_empty();
        let verdict = if expected {
            self.must_be_found(found, &outcomes, variant, engine)
        } else {
            self.must_be_unseen(kind, &outcomes, variant, engine)
        };
        let why = || one.why.clone().unwrap_or_else(|| "the scenario does not say why".to_owned());
        ExpectationCell {
            race: one.race.clone(),
            finding: kind,
            variant: variant.to_owned(),
            engine,
            verdict,
            found,
            in_executions: outcomes.iter().map(|outcome| executions_with(outcome, kind)).sum(),
            of_executions: outcomes.iter().map(|outcome| outcome.executions).sum(),
            trials: ids(&outcomes),
            fingerprints,
            cannot_see: (!expected).then(why),
        }
    }

    fn must_be_found(&self, found: bool, here: &[&TrialOutcome], variant: &str, engine: EngineKind) -> Verdict {
        if found {
            return Verdict::Pass;
        }
        // "Not found" is a statement about what was looked at, and about all of it.
        let looked = here.iter().any(|outcome| trust::looked(outcome));
        let elsewhere = self.elsewhere.iter().any(|trial| is_at(trial, variant, engine));
        if looked && !elsewhere && !self.incomplete(variant, engine) { Verdict::Fail } else { Verdict::Unknown }
    }

    fn must_be_unseen(&self, kind: FindingKind, here: &[&TrialOutcome], variant: &str, engine: EngineKind) -> Verdict {
        let seen = |cell: &FindingCell| cell.kind == kind && cell.variant == variant && cell.engine == engine;
        if self.unexpected.iter().any(seen) {
            return Verdict::Fail;
        }
        let judged = |outcome: &&TrialOutcome| trust::looked(outcome) && !trust::blind_to(outcome, kind);
        let all = !here.is_empty() && here.iter().all(judged);
        if all && !self.incomplete(variant, engine) { Verdict::Pass } else { Verdict::Unknown }
    }

    /// Each cell of which no expectation says that something must be found.
    pub(super) fn clean(&self) -> Vec<CleanCell> {
        let expects =
            |variant: &str, engine| self.scenario.expect.iter().any(|one| covers(self.scenario, one, variant, engine));
        let places = self.places().into_iter().filter(|(variant, engine)| !expects(variant, *engine));
        places.map(|(variant, engine)| self.must_be_clean(variant, engine)).collect()
    }

    fn must_be_clean(&self, variant: String, engine: EngineKind) -> CleanCell {
        let outcomes = self.outcomes_at(&variant, engine);
        let dirty = self.unexpected.iter().any(|cell| cell.variant == variant && cell.engine == engine);
        let failed = outcomes.iter().any(|o| o.verdict == Verdict::Fail && o.findings.is_empty());
        let doubtful = outcomes.is_empty() || outcomes.iter().any(|outcome| trust::doubt(outcome).is_some());
        let verdict = if dirty || failed {
            Verdict::Fail
        } else if doubtful || self.incomplete(&variant, engine) {
            Verdict::Unknown
        } else {
            Verdict::Pass
        };
        CleanCell {
            executions: outcomes.iter().map(|outcome| outcome.executions).sum(),
            trials: ids(&outcomes),
            variant,
            engine,
            verdict,
        }
    }
}

/// True if the trial is of this variant under this engine.
pub(super) fn is_at(trial: &Trial, variant: &str, engine: EngineKind) -> bool {
    trial.variant == variant && trial.engine.kind() == engine
}

/// Two findings of a kind may have been in the same execution, so their counts are not added.
fn executions_with(outcome: &TrialOutcome, kind: FindingKind) -> u64 {
    outcome.findings.iter().filter(|finding| finding.kind == kind).map(|finding| finding.count).max().unwrap_or(0)
}

fn ids(outcomes: &[&TrialOutcome]) -> Vec<String> {
    outcomes.iter().map(|outcome| outcome.trial.id.clone()).collect()
}
