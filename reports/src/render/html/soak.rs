//! A soak on the page: how long it went, what drifts, which ids are wrong, and the harness from leg to leg.

use super::Cell;
use super::trial::Picture;
use crate::model::Soak;
use crate::render::plot;
use crate::render::soak::{amount, headline, ids, typical, word};
use crate::words::clean;
use racehunt_core::drift::Drift;
use racehunt_core::timeline::{Sample, Timeline};

pub(super) struct SoakView {
    pub(super) headline: String,
    pub(super) drifts: Vec<DriftRow>,
    pub(super) ids: Vec<String>,
    pub(super) pictures: Vec<Picture>,
}

pub(super) struct DriftRow {
    pub(super) of: String,
    pub(super) legs: u64,
    pub(super) typical: String,
    pub(super) change: String,
    pub(super) per_hour: String,
    pub(super) verdict: Cell,
}

pub(super) fn view(soak: &Soak) -> SoakView {
    SoakView {
        headline: headline(soak),
        drifts: soak.drift.iter().map(row).collect(),
        ids: ids(soak),
        pictures: legs(soak),
    }
}

fn row(drift: &Drift) -> DriftRow {
    let with = |n: f64| amount(n, &drift.unit, true);
    let interval = |at: f64| match (drift.low, drift.high) {
        (Some(low), Some(high)) => format!("{} [{}, {}]", with(at), with(low), with(high)),
        _ => with(at),
    };
    let class = if drift.bad { "fail" } else { "" };
    DriftRow {
        of: clean(&drift.of),
        legs: drift.legs,
        typical: typical(drift),
        change: drift.change.map_or_else(String::new, with),
        per_hour: drift.per_hour.map_or_else(String::new, interval),
        verdict: Cell { class, text: word(drift.verdict).to_owned() },
    }
}

/// What the legs came to, one after the other, and what the harness used.
fn legs(soak: &Soak) -> Vec<Picture> {
    let mut timeline = Timeline::default();
    let mut ops = 0;
    for point in &soak.points {
        ops += point.ops;
        timeline.sample(Sample {
            at_ns: point.at_ns,
            ops,
            rss_bytes: point.harness_rss_bytes,
            disk_bytes: 0,
            open_files: point.harness_open_files,
            threads: point.harness_threads,
        });
    }
    let named = |(name, svg): (&str, String)| {
        let name = match name {
            "throughput" => "Calls a second, from leg to leg",
            "memory" => "Memory of the harness",
            _ => return None,
        };
        Some(Picture { name, svg })
    };
    plot::timeline(&timeline).into_iter().filter_map(named).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use racehunt_core::drift::Trend;

    #[test]
    fn what_drifts_stands_out_and_what_is_not_known_is_left_open() {
        let drift = |of: &str, at: Option<f64>, verdict, bad| Drift {
            of: of.to_owned(),
            unit: "bytes".to_owned(),
            legs: 9,
            typical: 3e7,
            per_hour: at,
            low: at,
            high: at,
            change: at,
            least: 1.0,
            verdict,
            bad,
        };
        let drifts =
            vec![drift("memory", Some(9e7), Trend::Grows, true), drift("threads", None, Trend::Unknown, false)];
        let view = view(&Soak { drift: drifts, ..Soak::default() });
        let [bad, open] = &view.drifts[..] else { panic!("two rows") };
        assert_eq!((bad.verdict.class, bad.per_hour.as_str()), ("fail", "+85.8 MiB [+85.8 MiB, +85.8 MiB]"));
        assert_eq!((open.verdict.text.as_str(), open.per_hour.as_str()), ("unknown", ""));
        assert!(view.ids.is_empty() && view.pictures.is_empty());
    }
}
