//! The self-test for people.

use super::{Count, Fate, Selftest, Tested, Trialled};
use crate::words::{clean, count, counted, cut, span};
use racehunt_core::mutant::Operator;
use racehunt_core::scenario::EngineKind;
use std::fmt::Write as _;

/// Columns of a line of source.
const LINE: usize = 88;

/// A table with a row for each subject, the survivors one by one, and the verdict on the last line.
#[must_use]
pub fn text(selftest: &Selftest) -> String {
    let mut out = String::new();
    let width = selftest.subjects.iter().map(|s| s.subject.len() + s.variant.len() + 1).max().unwrap_or(0).max(5);
    let _ = writeln!(
        out,
        "{:width$}  mutants  equivalent  argued  legal  killed  by shuttle  by loom  by stress  survived    kills",
        "",
    );
    let all: Vec<&Trialled> = selftest.subjects.iter().flat_map(|s| &s.mutants).collect();
    for tested in &selftest.subjects {
        let name = format!("{} {}", tested.subject, tested.variant);
        row(&mut out, &name, width, &tested.mutants.iter().collect::<Vec<_>>());
    }
    if selftest.subjects.len() > 1 {
        row(&mut out, "all", width, &all);
    }
    operators(&mut out, &all);
    for tested in &selftest.subjects {
        listed(&mut out, tested);
    }
    let verdict = selftest.verdict.word();
    let share =
        Count::of(all.iter().copied()).share().map_or_else(|| "no kills".to_owned(), |s| format!("{s:.1} % killed"));
    let _ = writeln!(out);
    for reason in &selftest.reasons {
        let _ = writeln!(out, "  {}", clean(reason));
    }
    let _ = writeln!(out, "{verdict}: {share} (at least {} %), {}", selftest.min_kills, span(selftest.elapsed_ns));
    out
}

fn row(out: &mut String, name: &str, width: usize, mutants: &[&Trialled]) {
    let of = Count::of(mutants.iter().copied());
    let by = |engine| mutants.iter().filter(|m| m.fate == Fate::Killed && m.killed_by.contains(&engine)).count();
    let share = of.share().map_or_else(|| "–".to_owned(), |share| format!("{share:.1} %"));
    let _ = writeln!(
        out,
        "{name:width$}  {:>7}  {:>10}  {:>6}  {:>5}  {:>6}  {:>10}  {:>7}  {:>9}  {:>8}  {share:>7}",
        mutants.len(),
        of.equivalent,
        of.argued,
        of.legal,
        of.killed,
        by(EngineKind::Shuttle),
        by(EngineKind::Loom),
        by(EngineKind::Stress),
        of.survived,
    );
}

fn operators(out: &mut String, all: &[&Trialled]) {
    let mut words = Vec::new();
    for operator in Operator::ALL {
        let of = Count::of(all.iter().copied().filter(|m| m.mutant.operator == operator));
        if of.killed + of.survived > 0 {
            words.push(format!("{} {} of {}", operator.word(), of.killed, of.killed + of.survived));
        }
    }
    if !words.is_empty() {
        let _ = writeln!(out, "\nkilled by operator: {}", words.join(", "));
    }
}

fn listed(out: &mut String, tested: &Tested) {
    for doubt in &tested.doubts {
        let _ = writeln!(out, "\n{} {}: {}", tested.subject, tested.variant, clean(doubt));
    }
    for (fate, title) in [
        (Fate::Relies, "break by what is legal"),
        (Fate::Survived, "survived"),
        (Fate::Equivalent, "equivalent"),
        (Fate::Argued, "equivalent by argument"),
        (Fate::Untried, "not tried"),
    ] {
        let these: Vec<&Trialled> = tested.mutants.iter().filter(|m| m.fate == fate).collect();
        if these.is_empty() {
            continue;
        }
        let _ =
            writeln!(out, "\n{} {}: {} {title}", tested.subject, tested.variant, counted(these.len() as u64, "mutant"));
        if fate == Fate::Untried {
            continue;
        }
        for one in these {
            let mutant = &one.mutant;
            let _ = writeln!(out, "  {}  {} {}", mutant.site, mutant.operator.word(), mutant.what);
            if let Some(line) = &one.line {
                let _ = writeln!(out, "    {}", cut(&clean(line.trim()), LINE));
            }
            let _ = writeln!(out, "    {}", clean(&one.why));
        }
    }
    let executions: u64 = tested.mutants.iter().flat_map(|m| &m.runs).map(|r| r.executions).sum();
    let _ = writeln!(out, "\n{} {}: {} executions of mutants", tested.subject, tested.variant, count(executions));
}
