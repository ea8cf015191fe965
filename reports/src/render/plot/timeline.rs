//! What a trial did and used over time, one chart a quantity, with the faults across all of them.

use super::Chart;
use crate::words::{clean, count, span};
use racehunt_core::timeline::{Mark, Sample, Timeline};

/// The picture, in pixels.
const WIDTH: f64 = 620.0;
const HEIGHT: f64 = 118.0;
const LEFT: f64 = 84.0;

/// Faults whose sign is drawn; of more than these the lines alone are, or the signs would hide each other.
const MOST_SIGNS: usize = 40;

/// A quantity: its name, its value at a sample, and how a value reads.
type Quantity = (&'static str, fn(&Sample) -> u64, fn(u64) -> String);

const USED: [Quantity; 4] = [
    ("memory", |s| s.rss_bytes, bytes),
    ("disk", |s| s.disk_bytes, bytes),
    ("open files", |s| s.open_files, count),
    ("threads", |s| s.threads, count),
];

/// The charts, each with its name: throughput first. A quantity that is 0 throughout has none.
pub(in crate::render) fn timeline(of: &Timeline) -> Vec<(&'static str, String)> {
    let end = of.samples.last().map_or(0, |last| last.at_ns);
    if of.samples.len() < 2 || end == 0 {
        return Vec::new();
    }
    let mut charts = vec![("throughput", throughput(of, end))];
    for (name, value, words) in USED {
        let points: Vec<(u64, u64)> = of.samples.iter().map(|s| (s.at_ns, value(s))).collect();
        if points.iter().any(|point| point.1 > 0) {
            charts.push((name, chart(name, &points, words, of, end)));
        }
    }
    charts
}

/// What the signs mean and how many there are: `✕ kill: 12; 3 more are not marked`. Nothing without faults.
pub(in crate::render) fn faults(of: &Timeline) -> String {
    let mut kinds: Vec<(&str, u64)> = Vec::new();
    for mark in &of.marks {
        match kinds.iter_mut().find(|kind| kind.0 == mark.what) {
            Some(kind) => kind.1 += 1,
            None => kinds.push((&mark.what, 1)),
        }
    }
    let said = kinds.iter().map(|(what, n)| format!("{} {}: {}", look(what).1, clean(what), count(*n)));
    let more = (of.unmarked > 0).then(|| format!("{} more are not marked", count(of.unmarked)));
    said.chain(more).collect::<Vec<_>>().join("; ")
}

/// Calls a second, each from one sample to the next.
fn throughput(of: &Timeline, end: u64) -> String {
    let mut points = Vec::new();
    for pair in of.samples.windows(2) {
        let (ops, ns) = (pair[1].ops.saturating_sub(pair[0].ops), pair[1].at_ns.saturating_sub(pair[0].at_ns));
        if ns > 0 {
            let rate = (ops as f64 * 1e9 / ns as f64).round() as u64;
            points.extend([(pair[0].at_ns, rate), (pair[1].at_ns, rate)]);
        }
    }
    chart("throughput", &points, |n| format!("{}/s", count(n)), of, end)
}

fn chart(name: &str, points: &[(u64, u64)], words: fn(u64) -> String, of: &Timeline, end: u64) -> String {
    let high = points.iter().map(|point| point.1).max().unwrap_or(0).max(1);
    let at = |ns: u64| ns as f64 / end as f64;
    let mut chart = Chart::new((WIDTH, HEIGHT), LEFT, &format!("{name} over time"));
    chart.level(0.0, "0");
    chart.level(1.0, &words(high));
    for quarter in 0..=4_u32 {
        let at = if quarter == 0 { "0".to_owned() } else { span(end / 4 * u64::from(quarter)) };
        chart.tick(f64::from(quarter) / 4.0, &at);
    }
    for mark in &of.marks {
        fault(&mut chart, mark, at(mark.at_ns), of.marks.len() <= MOST_SIGNS);
    }
    let points: Vec<(f64, f64)> = points.iter().map(|(ns, value)| (at(*ns), *value as f64 / high as f64)).collect();
    chart.line(0, &points);
    chart.close()
}

fn fault(chart: &mut Chart, mark: &Mark, share: f64, sign: bool) {
    let (class, glyph) = look(&mark.what);
    let (x, top, bottom) = (chart.x(share), chart.top, chart.bottom);
    chart.path(&format!("fault {class}"), &format!("M{x:.1} {top:.1}V{bottom:.1}"));
    if sign {
        chart.text((x, top - 5.0), "middle", glyph);
    }
}

/// Class and sign of a fault.
fn look(what: &str) -> (&'static str, &'static str) {
    match what {
        "kill" => ("kill", "✕"),
        "pause" => ("pause", "‖"),
        _ => ("other", "!"),
    }
}

/// `512 B`, `1.5 MiB`.
fn bytes(n: u64) -> String {
    let units = [("GiB", 1_u64 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    match units.into_iter().find(|(_, by)| n >= *by) {
        Some((unit, by)) => format!("{:.1} {unit}", n as f64 / by as f64),
        None => format!("{n} B"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sampled() -> Timeline {
        let mut all = Timeline::default();
        for i in 0..=10_u64 {
            let at_ns = i * 1_000_000_000;
            all.sample(Sample {
                at_ns,
                ops: i * i * 100,
                rss_bytes: 3 << 20,
                open_files: 7,
                threads: 3,
                disk_bytes: 0,
            });
        }
        all.mark(2_000_000_000, "kill");
        all.mark(3_000_000_000, "<pause>");
        all.unmarked = 4;
        all
    }

    #[test]
    fn a_chart_for_each_quantity_that_is_there_with_the_faults_in_all() {
        let charts = timeline(&sampled());
        let names: Vec<&str> = charts.iter().map(|chart| chart.0).collect();
        assert_eq!(names, ["throughput", "memory", "open files", "threads"]);
        for (_, chart) in &charts {
            assert!(chart.matches("class=\"fault").count() == 2 && chart.contains(">✕<"), "{chart}");
            assert!(!chart.contains("NaN") && !chart.contains("<pause"), "{chart}");
        }
        assert!(charts[0].1.contains(">1,900/s<") && charts[1].1.contains(">3.0 MiB<"), "{charts:?}");
        assert_eq!(faults(&sampled()), "✕ kill: 1; ! <pause>: 1; 4 more are not marked");
    }

    #[test]
    fn what_was_not_sampled_has_no_chart() {
        let mut few = sampled();
        few.samples.truncate(1);
        assert_eq!((timeline(&few), timeline(&Timeline::default())), (Vec::new(), Vec::new()));
        assert_eq!(faults(&Timeline::default()), "");
    }

    #[test]
    fn many_faults_have_lines_and_no_signs() {
        let mut many = sampled();
        many.marks.clear();
        (0..200).for_each(|i| many.mark(i * 50_000_000, "kill"));
        let charts = timeline(&many);
        assert!(charts[0].1.matches("class=\"fault").count() == 200 && !charts[0].1.contains('✕'));
    }
}
