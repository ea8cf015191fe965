//! What became of a mutant, by what its trials saw.

use super::{Fate, Ran};
use crate::words::{count, counted};
use racehunt_core::mutant::Mutant;
use racehunt_core::scenario::EngineKind;

/// The fate of `mutant` after `runs`, and why. `baseline`: the same trials of the component as it stands.
#[must_use]
pub fn judge(mutant: &Mutant, runs: &[Ran], baseline: &[Ran], complete: bool) -> (Fate, String) {
    let legal = mutant.operator.is_legal();
    if let Some(run) = runs.iter().find(|r| r.finding.is_some()) {
        let finding = run.finding.as_deref().unwrap_or_default();
        let why = format!("{finding} ({}, {})", run.engine, counted(run.executions, "execution"));
        return (if legal { Fate::Relies } else { Fate::Killed }, why);
    }
    if !complete {
        return (Fate::Untried, "the self-test ended before all was tried".to_owned());
    }
    let sum = |of: fn(&Ran) -> u64| runs.iter().map(of).sum::<u64>();
    let (executions, reached, differed) = (sum(|r| r.executions), sum(|r| r.reached), sum(|r| r.differed));
    if legal {
        return (Fate::Legal, format!("stood {} times in {}", count(differed), counted(executions, "execution")));
    }
    // Complete or not: a sample alone does not say that nothing can come of it.
    let searched = runs.iter().any(|r| r.is_complete() && r.reached > 0);
    if differed == 0 && searched {
        let why = format!(
            "reached {} times in {}, among them all within a preemption bound, and never were things so that it matters",
            count(reached),
            counted(executions, "execution")
        );
        return (Fate::Equivalent, why);
    }
    if mutant.operator.needs_weak_memory()
        && let Some(all) = same_executions(runs, baseline)
    {
        let why = format!("loom ran {}, as many as without it: no load sees more", counted(all, "execution"));
        return (Fate::Equivalent, why);
    }
    let engines: Vec<&str> =
        EngineKind::ALL.iter().filter(|e| runs.iter().any(|r| r.engine == **e)).map(word).collect();
    if engines.is_empty() {
        return (Fate::Survived, "no program of an engine that could notice reaches it".to_owned());
    }
    let engines = engines.join(" and ");
    let why = format!(
        "not told apart by {engines} in {}: reached {} times, {} of them perhaps with a difference",
        counted(executions, "execution"),
        count(reached),
        count(differed)
    );
    (Fate::Survived, why)
}

fn word(engine: &EngineKind) -> &'static str {
    engine.name()
}

/// How many executions loom ran of the programs that reach the mutant, if it ran all of them and each program has exactly
/// as many without the mutant.
fn same_executions(runs: &[Ran], baseline: &[Ran]) -> Option<u64> {
    let mut all = 0;
    for run in runs.iter().filter(|r| r.engine == EngineKind::Loom && r.reached > 0) {
        let same =
            baseline.iter().find(|b| (b.engine, &b.trial, &b.scenario) == (run.engine, &run.trial, &run.scenario))?;
        if !run.is_complete() || !same.is_complete() || run.executions != same.executions {
            return None;
        }
        all += run.executions;
    }
    (all > 0).then_some(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use racehunt_core::mutant::Operator;
    use racehunt_core::verdict::Coverage;

    fn mutant(operator: Operator) -> Mutant {
        Mutant { site: "a.rs:1:2".into(), what: "atomic swap".into(), operator }
    }

    fn ran(engine: EngineKind, complete: bool, executions: u64, differed: u64) -> Ran {
        let sampled = Coverage::Sampled { executions, distinct: 1, unseen: 0.1 };
        Ran {
            engine,
            scenario: "s".into(),
            trial: "t".into(),
            executions,
            coverage: if complete { Coverage::Bounded { preemptions: vec![2] } } else { sampled },
            finding: None,
            doubts: Vec::new(),
            reached: executions,
            differed,
            elapsed_ns: 1,
        }
    }

    fn fate(operator: Operator, runs: &[Ran], baseline: &[Ran]) -> Fate {
        judge(&mutant(operator), runs, baseline, true).0
    }

    #[test]
    fn a_finding_kills_whatever_else_there_is_and_blames_the_component_if_the_mutant_is_legal() {
        let found = Ran { finding: Some("lost: 1 id".into()), ..ran(EngineKind::Shuttle, false, 7, 3) };
        let runs = [ran(EngineKind::Loom, true, 9, 0), found];
        assert_eq!(fate(Operator::Split, &runs, &[]), Fate::Killed);
        assert_eq!(fate(Operator::Early, &runs, &[]), Fate::Relies);
        assert_eq!(judge(&mutant(Operator::Split), &runs, &[], false).0, Fate::Killed);
        assert_eq!(fate(Operator::Early, &runs[..1], &[]), Fate::Legal);
    }

    #[test]
    fn equivalent_needs_a_complete_search_that_reached_it_and_no_difference() {
        let (loom, shuttle) = (EngineKind::Loom, EngineKind::Shuttle);
        assert_eq!(fate(Operator::Split, &[ran(loom, true, 9, 0)], &[]), Fate::Equivalent);
        assert_eq!(fate(Operator::Split, &[ran(loom, true, 9, 1)], &[]), Fate::Survived);
        assert_eq!(fate(Operator::Split, &[ran(loom, false, 9, 0)], &[]), Fate::Survived, "a sample proves nothing");
        assert_eq!(fate(Operator::Split, &[ran(loom, true, 9, 0), ran(shuttle, false, 9, 1)], &[]), Fate::Survived);
        let unreached = Ran { reached: 0, ..ran(loom, true, 9, 0) };
        assert_eq!(fate(Operator::Split, &[unreached], &[]), Fate::Survived);
        assert_eq!(fate(Operator::Split, &[], &[]), Fate::Survived);
        assert_eq!(judge(&mutant(Operator::Split), &[], &[], false).0, Fate::Untried);
    }

    #[test]
    fn a_relaxed_ordering_is_equivalent_if_loom_runs_exactly_the_same() {
        let loom = EngineKind::Loom;
        let runs = [ran(loom, true, 9, 9)];
        assert_eq!(fate(Operator::Relax, &runs, &[ran(loom, true, 9, 0)]), Fate::Equivalent);
        assert_eq!(fate(Operator::Relax, &runs, &[ran(loom, true, 8, 0)]), Fate::Survived);
        assert_eq!(fate(Operator::Relax, &runs, &[ran(loom, false, 9, 0)]), Fate::Survived);
        assert_eq!(fate(Operator::Relax, &runs, &[]), Fate::Survived);
        assert_eq!(fate(Operator::Split, &runs, &[ran(loom, true, 9, 0)]), Fate::Survived);
    }
}
