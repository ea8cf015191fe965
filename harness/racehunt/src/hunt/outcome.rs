//! What a hunt came to, and how it is told.

use super::REPLAY;
use racehunt_core::finding::{Finding, FindingKind};
use racehunt_core::outcome::TrialOutcome;
use racehunt_core::verdict::{Coverage, Verdict};
use racehunt_engines::replay::Replayed;
use racehunt_reports::render::{coverage, interleaving, repro};
use racehunt_reports::style::Style;
use racehunt_reports::words::{clean, count, counted};
use std::fmt::{self, Write as _};

/// Columns of a table in a message.
const WIDTH: usize = 110;

/// Findings that a message lays out; of more it tells how many.
const MOST_SHOWN: usize = 3;

/// What a hunt came to. `Display` is the whole story: findings, interleavings, commands, what was explored.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The hunt's name.
    pub name: String,
    /// `pass`: judged, and as expected. `unknown` is no pass: the search, or the replay, says nothing about the code.
    pub verdict: Verdict,
    /// Why, one sentence each; empty if it passed.
    pub reasons: Vec<String>,
    /// What each engine came to, as in a report; none if a token was replayed.
    pub searches: Vec<TrialOutcome>,
    /// The failure that a token showed again.
    pub replayed: Option<Replayed>,
    expected: Vec<FindingKind>,
    /// Name of the thread, which is the path of the test.
    test: Option<String>,
}

impl Outcome {
    /// Of a hunt that did nothing yet.
    pub(super) fn new(name: &str, expected: &[FindingKind]) -> Self {
        let thread = std::thread::current();
        Self {
            name: name.to_owned(),
            verdict: Verdict::Unknown,
            reasons: Vec::new(),
            searches: Vec::new(),
            replayed: None,
            expected: expected.to_vec(),
            test: thread.name().filter(|name| *name != "main").map(str::to_owned),
        }
    }

    /// The distinct findings of all searches, each as the search has it that needs the fewest context switches to show it.
    #[must_use]
    pub fn findings(&self) -> Vec<&Finding> {
        let mut all: Vec<&Finding> = Vec::new();
        for finding in self.searches.iter().flat_map(|search| &search.findings) {
            match all.iter_mut().find(|known| known.fingerprint == finding.fingerprint) {
                Some(known) if effort(finding) < effort(known) => *known = finding,
                Some(_) => {}
                None => all.push(finding),
            }
        }
        all
    }

    /// True if a search went through every schedule there is. (Under shuttle only the sequentially consistent ones.)
    #[must_use]
    pub fn exhaustive(&self) -> bool {
        self.searches.iter().any(|search| search.coverage == Coverage::Exhaustive)
    }

    /// Decides the verdict on what was searched.
    pub(super) fn judge(&mut self) {
        let found: Vec<FindingKind> = self.findings().iter().map(|finding| finding.kind).collect();
        let told = |f: &&Finding| format!("{}: {}", f.kind, f.message);
        let surprises = self.findings().into_iter().filter(|f| !self.expected.contains(&f.kind));
        let mut reasons: Vec<String> = surprises.map(|f| told(&f)).collect();
        let missing = self.expected.iter().filter(|kind| !found.contains(kind));
        reasons.extend(missing.map(|kind| format!("expected and not found: {kind}")));
        self.verdict = if reasons.is_empty() { Verdict::Pass } else { Verdict::Fail };
        // What is expected and found is the answer, however the search ended.
        if self.expected.is_empty() || self.verdict == Verdict::Fail {
            let doubts = self.searches.iter().filter(|search| search.findings.is_empty());
            let doubts = doubts.flat_map(|s| s.doubts.iter().map(|d| format!("{}: {d}", s.trial.engine.kind())));
            reasons.extend(doubts);
        }
        if self.verdict == Verdict::Pass && !reasons.is_empty() {
            self.verdict = Verdict::Unknown;
        }
        self.reasons = reasons;
    }

    /// The outcome, if it passed; else the test fails with the story.
    #[track_caller]
    pub(super) fn passed(self) -> Self {
        assert!(self.verdict == Verdict::Pass, "{self}");
        self
    }

    /// The command that replays a token.
    fn command(&self, token: &str) -> String {
        let test = self.test.as_ref().map(|test| format!(" {}", clean(test))).unwrap_or_default();
        format!("{REPLAY}='{token}' cargo test{test}")
    }

    fn show(&self, finding: &Finding, out: &mut String) {
        let standing = if self.expected.contains(&finding.kind) { ", as expected" } else { "" };
        let _ = writeln!(out, "\n  {}{standing}", finding.kind);
        say(&finding.message, out);
        let of = self.searches.iter().find(|search| search.findings.iter().any(|f| std::ptr::eq(f, finding)));
        if let Some(search) = of {
            let executions = counted(search.executions, "execution");
            let first = count(finding.first_execution);
            let seen = count(finding.count);
            let _ = writeln!(out, "    seen in {seen} of {executions} by {}, first in number {first}", by(search));
        }
        let _ = writeln!(out, "    {}", repro(finding));
        if let Some(shown) = &finding.interleaving {
            out.push('\n');
            indent(&interleaving(shown, WIDTH - 4, Style::Plain), out);
        }
        if let Some(token) = finding.repro.token() {
            let _ = writeln!(out, "\n    to see it again:\n    {}", self.command(token));
        }
    }
}

/// What it takes to follow a finding's interleaving.
fn effort(finding: &Finding) -> (bool, u32, usize) {
    finding.interleaving.as_ref().map_or((true, 0, 0), |shown| (false, shown.switches, shown.steps.len()))
}

/// `shuttle/urw`: the engine and its strategy, as the trial's id ends.
fn by(search: &TrialOutcome) -> &str {
    let engine = search.trial.engine.kind().name();
    search.trial.id.rfind(engine).map_or(engine, |at| &search.trial.id[at..])
}

fn say(message: &str, out: &mut String) {
    let lines: Vec<String> = message.lines().map(clean).collect();
    indent(&lines.join("\n"), out);
}

fn indent(text: &str, out: &mut String) {
    for line in text.lines() {
        let _ = writeln!(out, "    {line}");
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = format!("hunt {}: {}\n", clean(&self.name), self.verdict.word());
        for reason in &self.reasons {
            let first = reason.lines().next().unwrap_or_default();
            let _ = writeln!(out, "  ! {}", clean(first));
            reason.lines().skip(1).for_each(|line| out.push_str(&format!("    {}\n", clean(line))));
        }
        let mut findings = self.findings();
        findings.sort_by_key(|finding| self.expected.contains(&finding.kind));
        for finding in findings.iter().take(MOST_SHOWN) {
            self.show(finding, &mut out);
        }
        if findings.len() > MOST_SHOWN {
            let _ = writeln!(out, "\n  and {} more", counted((findings.len() - MOST_SHOWN) as u64, "finding"));
        }
        if let Some(Replayed { violation, interleaving: shown }) = &self.replayed {
            say(&violation.message, &mut out);
            out.push('\n');
            indent(&interleaving(shown, WIDTH - 4, Style::Plain), &mut out);
        }
        if !self.searches.is_empty() {
            out.push_str("\n  explored\n");
        }
        for search in &self.searches {
            let _ = writeln!(out, "    {}: {}", by(search), coverage(search));
            search.notes.iter().for_each(|note| out.push_str(&format!("      {}\n", clean(note))));
        }
        f.write_str(&out)
    }
}
