//! What a search has not seen, in words that cannot be read as a proof.

use super::markdown::escape;
use crate::model::{Report, ScenarioReport};
use crate::words::{at_least, at_most, chance_of_new, count, counted};
use racehunt_core::discovery::{Discovery, PctChance, Reached, Unseen};
use racehunt_core::outcome::TrialOutcome;
use racehunt_core::plan::EngineConfig;
use racehunt_core::verdict::Coverage;
use std::fmt::Write as _;

/// Rows of the table of a job page.
const MOST_ROWS: usize = 20;

/// `812 distinct; chance that the next one is new, as urw draws them: about 1.3 % (≤ 6.0 % with 95 % confidence)`.
pub(super) fn line(outcome: &TrialOutcome, discovery: &Discovery) -> String {
    let mut line = distinct(discovery);
    line.push_str(" distinct");
    match &discovery.unseen {
        Unseen::Estimate { estimate, at_most: bound, confidence, .. } => {
            let drawn = strategy(outcome).map_or_else(String::new, |name| format!(", as {name} draws them"));
            let chance = chance_of_new(*estimate, discovery.executions);
            let _ = write!(line, "; chance that the next one is new{drawn}: {chance}");
            match bound {
                Some(bound) => {
                    let _ = write!(line, " ({} with {:.0} % confidence)", at_most(*bound), confidence * 100.0);
                }
                None => line.push_str(" (without a bound)"),
            }
        }
        Unseen::Unknown { .. } => line.push_str("; how much is left is not known"),
    }
    line
}

/// What PCT's theorem says of a trial, as a sentence.
pub(super) fn promise(outcome: &TrialOutcome) -> Option<String> {
    let PctChance { depth, points, found_with, .. } = outcome.discovery.as_ref()?.pct?;
    Some(format!(
        "if these actors' programs have a race of depth ≤ {depth} that shows within {}, pct:{depth} would have found it with \
         a chance of {}",
        counted(points as u64, "choice"),
        at_least(found_with)
    ))
}

fn distinct(discovery: &Discovery) -> String {
    let more = if discovery.at_least { "at least " } else { "" };
    format!("{more}{}", count(discovery.distinct))
}

fn strategy(outcome: &TrialOutcome) -> Option<String> {
    match &outcome.trial.engine {
        EngineConfig::Shuttle(config) => Some(config.strategy.to_string()),
        _ => None,
    }
}

/// The trials that sampled and found nothing, those that leave most open first, with a line that says what the numbers
/// mean.
pub(super) fn table(report: &Report, out: &mut String) {
    let mut rows: Vec<(&ScenarioReport, &TrialOutcome, &Discovery)> = Vec::new();
    for one in &report.scenarios {
        let sampled = |trial: &&TrialOutcome| matches!(trial.coverage, Coverage::Sampled { .. });
        let clean = one.trials.iter().filter(|trial| trial.findings.is_empty()).filter(sampled);
        rows.extend(clean.filter_map(|trial| Some((one, trial, trial.discovery.as_ref()?))));
    }
    if rows.is_empty() {
        return;
    }
    rows.sort_by(|a, b| open(b.2).total_cmp(&open(a.2)));
    let _ = writeln!(out, "What was not seen:\n");
    let _ = writeln!(out, "| trial | executions | distinct | met over time | next one new | 95 % bound | PCT |");
    let _ = writeln!(out, "|---|---:|---:|---|---:|---:|---|");
    for (one, trial, discovery) in rows.iter().take(MOST_ROWS) {
        let (estimate, bound) = match &discovery.unseen {
            Unseen::Estimate { estimate, at_most: bound, .. } => {
                let bound = bound.map_or_else(|| "none".to_owned(), at_most);
                (chance_of_new(*estimate, discovery.executions), bound)
            }
            Unseen::Unknown { .. } => ("unknown".to_owned(), "none".to_owned()),
        };
        let pct = discovery.pct.map_or_else(
            || "–".to_owned(),
            |pct| {
                format!("depth ≤ {}, {}: {}", pct.depth, counted(pct.points as u64, "choice"), at_least(pct.found_with))
            },
        );
        let _ = writeln!(
            out,
            "| {}: {} | {} | {} | {} | {} | {} | {} |",
            escape(&one.scenario.name),
            escape(&trial.trial.id),
            count(discovery.executions),
            distinct(discovery),
            sparkline(&discovery.curve),
            escape(&estimate),
            bound,
            pct
        );
    }
    if rows.len() > MOST_ROWS {
        let _ = writeln!(out, "\nand {} in the report.", counted((rows.len() - MOST_ROWS) as u64, "more trial"));
    }
    let _ = writeln!(
        out,
        "\nTwo executions are distinct if more than the order of independent steps tells them apart; over time: after 1, 2, 4, \
         8, … executions. The chances are about interleavings as the strategy draws them, of these actors' programs: a race \
         that the strategy seldom draws, or that needs other programs, is not in them. PCT: the chance with which a race \
         of that depth, if there is one within so many choices, would have been found.\n"
    );
}

/// How much a search leaves open, for sorting.
fn open(discovery: &Discovery) -> f64 {
    match &discovery.unseen {
        Unseen::Estimate { estimate, .. } => *estimate,
        Unseen::Unknown { .. } => 1.0,
    }
}

/// One block a point, as high as its share of the last.
pub(super) fn sparkline(curve: &[Reached]) -> String {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let most = curve.iter().map(|point| point.distinct).max().unwrap_or(0).max(1);
    let block = |point: &Reached| BLOCKS[usize::try_from(point.distinct * 7 / most).unwrap_or(0).min(7)];
    curve.iter().map(block).collect()
}

#[cfg(test)]
mod tests;
