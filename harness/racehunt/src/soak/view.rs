//! How far a soak is: a bar on a terminal, a line a leg elsewhere. All of it on stderr.

use crate::args;
use crate::echo::Hushed;
use crate::output::complain;
use indicatif::{ProgressBar, ProgressStyle};
use racehunt_core::outcome::TrialOutcome;
use racehunt_core::plan::Trial;
use racehunt_engines::probe::Usage;
use racehunt_engines::supervisor::Event;
use racehunt_reports::Report;
use racehunt_reports::model::Soak;
use racehunt_reports::words::{clean, count, counted, span};
use std::cell::RefCell;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

pub(super) struct View {
    bar: Option<(ProgressBar, Hushed)>,
    time: Option<Duration>,
    legs: Option<u64>,
    at: RefCell<At>,
}

/// Where the soak is.
struct At {
    /// Time soaked before this leg, and when the leg began.
    before: Duration,
    since: Instant,
    /// The leg and its trial.
    leg: String,
    /// What the legs before came to.
    sums: String,
}

impl View {
    pub(super) fn new(args: &args::Soak) -> Self {
        let bar = ProgressBar::new(1000);
        let bar = (std::io::stderr().is_terminal() && !bar.is_hidden()).then(|| {
            let style = ProgressStyle::with_template("[{bar:12}] {prefix}\n  {wide_msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> "));
            bar.enable_steady_tick(Duration::from_millis(250));
            (bar, Hushed::new())
        });
        let at = At { before: Duration::ZERO, since: Instant::now(), leg: String::new(), sums: String::new() };
        Self { bar, time: args.time.map(Duration::from), legs: args.legs, at: RefCell::new(at) }
    }

    /// A leg begins.
    pub(super) fn begin(&self, soak: &Soak, trial: &Trial) {
        let mut at = self.at.borrow_mut();
        (at.before, at.since) = (Duration::from_nanos(soak.elapsed_ns), Instant::now());
        let of = self.legs.map_or(String::new(), |most| format!(" of {most}"));
        at.leg = format!("leg {}{of}: {}", soak.legs + 1, clean(&trial.id));
        drop(at);
        self.show();
    }

    /// The leg goes on.
    pub(super) fn tell(&self, event: &Event) {
        if let Event::Progress(_) = event {
            self.show();
        }
    }

    fn show(&self) {
        let Some((bar, _)) = &self.bar else { return };
        let at = self.at.borrow();
        let elapsed = at.before + at.since.elapsed();
        let share = self.time.map_or(0.0, |time| elapsed.as_secs_f64() / time.as_secs_f64());
        bar.set_position((share.min(1.0) * 1000.0) as u64);
        let of = self.time.map_or(String::new(), |time| format!(" of {}", span(time.as_nanos() as u64)));
        bar.set_prefix(format!("{}{of}, {}", span(elapsed.as_nanos() as u64), at.leg));
        bar.set_message(at.sums.clone());
    }

    /// A leg ended and counts.
    pub(super) fn end(&self, soak: &Soak, report: &Report, leg: &TrialOutcome) {
        let rate = leg.ops as f64 * 1e9 / leg.elapsed_ns.max(1) as f64;
        let rss = leg.timeline.as_ref().and_then(|timeline| timeline.samples.iter().map(|s| s.rss_bytes).max());
        let mib = |bytes: u64| count(bytes.div_ceil(1 << 20));
        let sums = format!(
            "{}/s, {}, {} MiB (harness {} MiB)",
            count(rate.round() as u64) + " ops",
            counted(report.totals.distinct_findings, "finding"),
            rss.map_or_else(|| "?".to_owned(), mib),
            mib(Usage::own().rss_bytes)
        );
        let what = match (leg.findings.first(), leg.reasons.first()) {
            (Some(finding), _) => format!("found {}: {}", finding.kind, clean(&finding.message)),
            (None, Some(reason)) => format!("{}: {}", leg.verdict.word(), clean(reason)),
            (None, None) => "clean".to_owned(),
        };
        let id = clean(&leg.trial.id);
        let line = format!("leg {}, {}: {id}: {what} ({sums})", soak.legs, span(soak.elapsed_ns));
        match &self.bar {
            None => complain(&line),
            Some((bar, _)) if what != "clean" => bar.println(line),
            Some(_) => {}
        }
        self.at.borrow_mut().sums = sums;
    }

    pub(super) fn finish(&self) {
        if let Some((bar, _)) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
