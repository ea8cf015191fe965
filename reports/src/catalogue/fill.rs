//! Adds one scenario to the catalogue.

use super::{Cell, Standing, System};
use crate::assemble::trust;
use crate::model::{ExpectationCell, FindingCell, ScenarioReport};
use crate::render::mark;
use racehunt_core::finding::FindingKind;
use racehunt_core::outcome::TrialOutcome;
use racehunt_core::scenario::{EngineKind, Expectation, SubjectSource};
use racehunt_core::verdict::Verdict;

/// Adds a scenario's races to its system, or, if it expects none, what it was clean of.
pub(super) fn add(one: &ScenarioReport, interrupted: bool, system: &mut System) {
    let scenario = Of { one, interrupted };
    if one.scenario.expect.is_empty() {
        for cell in &one.clean {
            let row = system.row(None, &cell.variant);
            scenario.must_be_clean(None, &cell.variant, cell.engine, row.at(cell.engine));
        }
    }
    let mut races: Vec<Shows<'_>> = Vec::new();
    for expect in &one.scenario.expect {
        let shows = (expect.race.as_str(), expect.finding);
        if !races.contains(&shows) {
            races.push(shows);
            scenario.race(shows, system);
        }
    }
}

/// A race and the finding by which it shows.
type Shows<'a> = (&'a str, FindingKind);

struct Of<'a> {
    one: &'a ScenarioReport,
    interrupted: bool,
}

impl<'a> Of<'a> {
    fn race(&self, shows: Shows<'_>, system: &mut System) {
        let same = |one: &&Expectation| (one.race.as_str(), one.finding) == shows;
        let expects: Vec<&Expectation> = self.one.scenario.expect.iter().filter(same).collect();
        let why = || expects.iter().filter_map(|one| one.why.clone());
        let engines = self.one.scenario.engines();
        // Linked subjects could be run by these, and the scenario says why it leaves them out.
        let linked = matches!(self.one.scenario.subject.source, SubjectSource::Name(_)) && why().next().is_some();
        let beyond =
            EngineKind::ALL.into_iter().filter(|e| linked && *e != EngineKind::Adapter && !engines.contains(e));
        let beyond: Vec<EngineKind> = beyond.collect();
        for variant in self.one.scenario.subject.variant.values() {
            let row = system.row(Some(shows), variant);
            row.lives |= expects.iter().any(|one| one.variants.contains(variant));
            for &engine in &engines {
                let into = row.at(engine);
                if let Some(cell) = self.expectation(shows, variant, engine) {
                    self.expected(cell, into);
                } else if expects.iter().any(|one| one.engines.contains(&engine)) {
                    self.must_be_clean(Some(shows), variant, engine, into);
                } else {
                    self.blame(variant, engine, into);
                    into.add(Standing::CannotSee, 0, 0, why());
                }
            }
            for &engine in &beyond {
                row.at(engine).add(Standing::CannotSee, 0, 0, why());
            }
        }
    }

    /// Of several that speak of the same place, the one that must be found.
    fn expectation(&self, shows: Shows<'_>, variant: &str, engine: EngineKind) -> Option<&'a ExpectationCell> {
        let here = |cell: &&ExpectationCell| {
            (cell.race.as_str(), cell.finding) == shows && cell.variant == variant && cell.engine == engine
        };
        self.one.expectations.iter().filter(here).min_by_key(|cell| cell.cannot_see.is_some())
    }

    fn expected(&self, cell: &ExpectationCell, into: &mut Cell) {
        let (seen, of) = (cell.in_executions, cell.of_executions);
        match (&cell.cannot_see, cell.verdict) {
            (None, Verdict::Pass) => into.add(Standing::Found, seen, of, None),
            (None, Verdict::Fail) => into.add(Standing::NotFound, 0, of, None),
            (_, Verdict::Unknown) => into.add(Standing::NotJudged, 0, of, None),
            (Some(_), Verdict::Fail) => return into.add(Standing::OutOfSight, seen, of, None),
            (Some(why), Verdict::Pass) => into.add(Standing::CannotSee, 0, 0, Some(why.clone())),
        }
        self.blame(&cell.variant, cell.engine, into);
    }

    /// Clean of one race, or, with `None`, of all.
    fn must_be_clean(&self, race: Option<Shows<'_>>, variant: &str, engine: EngineKind, into: &mut Cell) {
        if self.blame(variant, engine, into) {
            return;
        }
        let trials = self.trials(variant, engine);
        let of = trials.iter().map(|trial| trial.executions).sum();
        let whole = self.one.clean.iter().find(|cell| cell.variant == variant && cell.engine == engine);
        // Where another race lives the trial as a whole is not clean; it still can be of this race.
        let verdict = match (whole, race) {
            (Some(cell), _) => cell.verdict,
            (None, Some((_, kind))) => {
                let others = self.others(kind, variant, engine);
                if !others.is_empty() {
                    return into.add(Standing::Shared, 0, 0, others);
                }
                self.clean_of(kind, &trials)
            }
            (None, None) => Verdict::Unknown,
        };
        let tolerated = self
            .one
            .tolerated
            .iter()
            .any(|t| t.variant == variant && t.engine == engine && race.is_none_or(|(_, kind)| kind == t.kind));
        match verdict {
            Verdict::Pass if tolerated => into.add(Standing::WithinLimits, 0, of, trials.into_iter().map(mark)),
            Verdict::Pass => into.add(Standing::Clean, 0, of, trials.into_iter().map(mark)),
            Verdict::Unknown => into.add(Standing::NotJudged, 0, of, None),
            Verdict::Fail => into.add(Standing::Unexpected, 0, of, None),
        }
    }

    fn clean_of(&self, kind: FindingKind, trials: &[&TrialOutcome]) -> Verdict {
        let looked = |trial: &&TrialOutcome| trust::looked(trial) && !trust::blind_to(trial, kind);
        let whole = !self.interrupted && self.one.missing.is_empty() && !trials.is_empty();
        if whole && trials.iter().all(looked) { Verdict::Pass } else { Verdict::Unknown }
    }

    /// The races that show as this kind in this place.
    fn others(&self, kind: FindingKind, variant: &str, engine: EngineKind) -> Vec<String> {
        let same = |other: &&Expectation| other.finding == kind && other.covers(variant, engine);
        self.one.scenario.expect.iter().filter(same).map(|other| other.race.clone()).collect()
    }

    /// Notes what nothing allows here; true if there is any.
    fn blame(&self, variant: &str, engine: EngineKind, into: &mut Cell) -> bool {
        let here = |cell: &&FindingCell| cell.variant == variant && cell.engine == engine;
        let kinds: Vec<String> = self.one.unexpected.iter().filter(here).map(|cell| cell.kind.to_string()).collect();
        let any = !kinds.is_empty();
        if any {
            let of = self.trials(variant, engine).iter().map(|trial| trial.executions).sum();
            into.add(Standing::Unexpected, 0, of, kinds);
        }
        any
    }

    fn trials(&self, variant: &str, engine: EngineKind) -> Vec<&TrialOutcome> {
        let here = |trial: &&TrialOutcome| trial.trial.variant == variant && trial.trial.engine.kind() == engine;
        self.one.trials.iter().filter(here).collect()
    }
}
