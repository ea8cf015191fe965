//! How far a run is: bars on a terminal, plain lines elsewhere, nothing when quiet. All of it on stderr.

use crate::args;
use crate::echo::Hushed;
use crate::output::complain;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use racehunt_core::exact::Exact;
use racehunt_core::outcome::TrialOutcome;
use racehunt_core::plan::Trial;
use racehunt_engines::emit::Progress;
use racehunt_engines::supervisor::Event;
use racehunt_reports::words::{clean, count, counted, cut, span};
use std::cell::Cell;
use std::io::IsTerminal;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Between two plain lines of one trial.
const PLAIN_PACE: Duration = Duration::from_secs(10);

/// Columns from which a trial's name and numbers stand on one line.
const WIDE: usize = 140;

/// The whole run.
pub(crate) struct Board {
    bars: Option<(MultiProgress, ProgressBar)>,
    /// As long as there are bars.
    _hushed: Option<Hushed>,
    quiet: bool,
    verbose: bool,
    /// Ids of trials are told apart by their scenario's name only.
    several: bool,
    trials: usize,
    ended: AtomicUsize,
}

impl Board {
    /// A board for `trials` trials of one or several scenarios.
    pub(crate) fn new(trials: usize, several: bool, told: &args::Told) -> Self {
        let &args::Told { quiet, verbose, .. } = told;
        let all = MultiProgress::new();
        // Hidden on a terminal that cannot move its cursor, and then it would swallow the lines.
        let bars = (!quiet && std::io::stderr().is_terminal() && !all.is_hidden()).then(|| {
            let total = all.add(ProgressBar::new(trials as u64));
            total.set_style(style("[{bar:12}] {pos} of {len} trials, {elapsed}"));
            total.enable_steady_tick(Duration::from_millis(250));
            (all, total)
        });
        let hushed = bars.is_some().then(Hushed::new);
        Self { bars, _hushed: hushed, quiet, verbose, several, trials, ended: AtomicUsize::new(0) }
    }

    /// The line of one trial, which begins.
    pub(crate) fn begin(&self, trial: &Trial) -> Line<'_> {
        self.line(trial, "")
    }

    /// The line of the search for what a trial found. It is no trial, and is not counted as one.
    pub(crate) fn chase(&self, trial: &Trial) -> Line<'_> {
        self.line(trial, "chase: ")
    }

    fn line(&self, trial: &Trial, what: &str) -> Line<'_> {
        let name = if self.several { format!("{}: {}", trial.scenario, trial.id) } else { trial.id.clone() };
        let name = format!("{what}{}", clean(&name));
        let bar = self.bars.as_ref().map(|(all, total)| {
            let bar = all.insert_before(total, ProgressBar::new(1000));
            let columns = console::Term::stderr().size_checked().map_or(80, |(_, columns)| usize::from(columns));
            // What the bar and the space around it leave; the numbers are 80 columns at most.
            let (most, template) = match columns.saturating_sub(16) {
                room if columns < WIDE => (room, "[{bar:12}] {prefix}\n  {wide_msg}"),
                room => (room - 80, "[{bar:12}] {prefix}  {wide_msg}"),
            };
            bar.set_style(style(template));
            bar.set_prefix(cut(&name, most.max(1)));
            bar.set_message("starting");
            bar
        });
        let now = Instant::now();
        Line { board: self, name, bar, began: now, told: Cell::new(now), pace: Cell::new((now, 0.0)) }
    }

    /// Removes the bars.
    pub(crate) fn finish(self) {
        if let Some((all, total)) = &self.bars {
            total.finish_and_clear();
            let _ = all.clear();
        }
    }

    fn say(&self, line: &str) {
        match &self.bars {
            Some((all, _)) => {
                let _ = all.println(line);
            }
            None => complain(line),
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> ")
}

/// One trial.
pub(crate) struct Line<'a> {
    board: &'a Board,
    name: String,
    bar: Option<ProgressBar>,
    began: Instant,
    told: Cell<Instant>,
    /// Since when the share of the budget has grown, and the share.
    pace: Cell<(Instant, f64)>,
}

impl Line<'_> {
    /// Shows what the trial tells.
    pub(crate) fn tell(&self, event: Event) {
        match event {
            Event::Finding(f) if self.board.verbose => {
                self.board.say(&format!("{}: {}: {}", self.name, f.kind, clean(&f.message)));
            }
            Event::Started { .. } | Event::Finding(_) => {}
            Event::Progress(p) => self.progress(p),
        }
    }

    fn progress(&self, p: Progress) {
        let (mut since, before) = self.pace.get();
        if p.spent < before {
            // The next of several budgets (loom's bounds): what the one before took says nothing about it.
            since = Instant::now();
        }
        self.pace.set((since, p.spent));
        let words = words(p, self.began.elapsed(), since.elapsed());
        if let Some(bar) = &self.bar {
            bar.set_position((p.spent.clamp(0.0, 1.0) * 1000.0) as u64);
            bar.set_message(words);
        } else if !self.board.quiet && self.told.get().elapsed() >= PLAIN_PACE {
            self.told.set(Instant::now());
            complain(&format!("{}: {words}", self.name));
        }
    }

    fn remove(&self) {
        if let (Some((all, _)), Some(bar)) = (&self.board.bars, &self.bar) {
            bar.finish_and_clear();
            all.remove(bar);
        }
    }

    /// The search for a finding ended.
    pub(crate) fn chased(self, exact: &Exact) {
        self.remove();
        let board = self.board;
        if board.verbose || (board.bars.is_none() && !board.quiet) {
            board.say(&format!("{}: {}", self.name, chase_came_to(exact)));
        }
    }

    /// The trial ended.
    pub(crate) fn end(self, outcome: &TrialOutcome) {
        let board = self.board;
        self.remove();
        if let Some((_, total)) = &board.bars {
            total.inc(1);
        }
        let number = board.ended.fetch_add(1, Ordering::Relaxed) + 1;
        if board.verbose || (board.bars.is_none() && !board.quiet) {
            board.say(&format!("[{number}/{}] {}: {}", board.trials, self.name, came_to(outcome)));
        }
    }
}

/// What a trial came to, on one line.
fn came_to(outcome: &TrialOutcome) -> String {
    let findings: Vec<&str> = outcome.findings.iter().map(|f| f.kind.word()).collect();
    let what = match (findings.is_empty(), outcome.reasons.first()) {
        (false, _) => format!("found {}", findings.join(", ")),
        (true, Some(reason)) => format!("{}: {}", outcome.verdict.word(), clean(reason)),
        (true, None) => "clean".to_owned(),
    };
    format!("{what} ({}, {})", counted(outcome.executions, "execution"), span(outcome.elapsed_ns))
}

fn chase_came_to(exact: &Exact) -> String {
    match exact {
        Exact::Found { finding, executions, .. } => {
            format!("found {} after {}", finding.kind, counted(*executions, "execution"))
        }
        Exact::NotFound { executions, .. } => format!("not found in {}", counted(*executions, "execution")),
        Exact::NotSearched { why } => format!("not searched: {}", clean(why)),
        Exact::Linked { trial } => format!("linked to {}", clean(trial)),
    }
}

/// Executions, rate, distinct, findings, time left.
fn words(p: Progress, elapsed: Duration, pace: Duration) -> String {
    let rate = p.executions as f64 / elapsed.as_secs_f64().max(0.001);
    let mut words = format!("{}, {}/s", counted(p.executions, "execution"), count(rate.round() as u64));
    if p.distinct > 0 {
        words.push_str(&format!(", {} distinct", count(p.distinct)));
    }
    words.push_str(&format!(", {}", counted(p.findings, "finding")));
    if p.spent > 0.01 && p.spent < 1.0 {
        words.push_str(&format!(", {:.0} s left", pace.as_secs_f64() * (1.0 - p.spent) / p.spent));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_how_far_and_how_long() {
        let at = |p, elapsed, pace| words(p, Duration::from_secs(elapsed), Duration::from_secs(pace));
        let p = Progress { executions: 5000, distinct: 40, findings: 1, spent: 0.25 };
        assert_eq!(at(p, 5, 5), "5,000 executions, 1,000/s, 40 distinct, 1 finding, 15 s left");
        assert_eq!(at(p, 10, 1), "5,000 executions, 500/s, 40 distinct, 1 finding, 3 s left");
        let p = Progress { executions: 9, distinct: 0, findings: 0, spent: 0.0 };
        assert_eq!(at(p, 1, 1), "9 executions, 9/s, 0 findings");
    }
}
