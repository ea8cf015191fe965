//! Latency by percentile, with the axis that users of `HdrHistogram` know: each nine takes as much room as the one before.

use super::{Chart, LOOKS};
use crate::words::{clean, cut};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use racehunt_core::outcome::OpLatency;
use std::fmt::Write as _;

/// The picture, in pixels.
const WIDTH: f64 = 620.0;
const HEIGHT: f64 = 230.0;
const LEFT: f64 = 66.0;

/// Nines that the axis has at most.
const MOST_NINES: f64 = 7.0;

/// Points that a line has for each nine.
const PER_NINE: u32 = 16;

/// Letters of an encoded histogram that are read at most: three digits over an hour take some ten thousand.
const LONGEST: usize = 4 << 20;

/// One op's line: nines from the left, nanoseconds.
struct Line {
    op: String,
    points: Vec<(f64, u64)>,
}

/// The chart of all ops of a trial; `None` if nothing was measured.
pub(in crate::render) fn latencies(all: &[OpLatency]) -> Option<String> {
    let lines: Vec<Line> = all.iter().filter(|one| one.count > 0).map(line).collect();
    let values = || lines.iter().flat_map(|line| &line.points).map(|point| point.1.max(1));
    let (low, high) = (values().min()?, values().max()?);
    let nines = lines.iter().filter_map(|l| l.points.last()).map(|p| p.0).fold(1.0, f64::max).ceil();
    let (least, most) = (log(low).floor(), log(high).ceil().max(log(low).floor() + 1.0));
    let up = |ns: u64| (log(ns) - least) / (most - least);
    let mut chart = Chart::new((WIDTH, HEIGHT), LEFT, "latency by percentile");
    for power in 0..=(most - least) as i32 {
        chart.level(f64::from(power) / (most - least), &tick(10_f64.powi(least as i32 + power)));
    }
    for nine in 0..=nines as u32 {
        chart.tick(f64::from(nine) / nines, &percentile(nine));
    }
    for (i, line) in lines.iter().enumerate() {
        let points: Vec<(f64, f64)> = line.points.iter().map(|(at, ns)| (at / nines, up(*ns))).collect();
        chart.line(i, &points);
    }
    legend(&mut chart, &lines);
    Some(chart.close())
}

/// Above the field: a piece of each line, and its op.
fn legend(chart: &mut Chart, lines: &[Line]) {
    let mut x = chart.left;
    for (i, line) in lines.iter().enumerate() {
        let name = cut(&line.op, 24);
        let end = x + 34.0 + 6.5 * name.chars().count() as f64;
        if end > chart.right {
            chart.text((chart.right, 11.0), "end", "…");
            break;
        }
        chart.path(&format!("line c{}", i % LOOKS), &format!("M{x:.1} 7H{:.1}", x + 22.0));
        chart.text((x + 27.0, 11.0), "start", &name);
        x = end;
    }
}

/// From the histogram; from the figures beside it where it does not read.
fn line(one: &OpLatency) -> Line {
    let points = histogram(&one.histogram).map_or_else(|| figures(one), |all| quantiles(&all));
    Line { op: clean(&one.op), points }
}

fn histogram(encoded: &str) -> Option<Histogram<u64>> {
    let bytes = STANDARD.decode(Some(encoded).filter(|text| text.len() <= LONGEST)?).ok()?;
    let read: Histogram<u64> = Deserializer::new().deserialize(&mut bytes.as_slice()).ok()?;
    (!read.is_empty()).then_some(read)
}

/// Up to the last one of so many: what is beyond it was not measured.
fn quantiles(all: &Histogram<u64>) -> Vec<(f64, u64)> {
    let last = log(all.len()).min(MOST_NINES);
    let steps = (last * f64::from(PER_NINE)).floor() as u32;
    let mut points: Vec<(f64, u64)> = (0..=steps)
        .map(|step| f64::from(step) / f64::from(PER_NINE))
        .map(|nines| (nines, all.value_at_quantile(1.0 - 10_f64.powf(-nines))))
        .collect();
    points.push((last, if last < MOST_NINES { all.max() } else { all.value_at_quantile(1.0 - 10_f64.powf(-last)) }));
    points
}

fn figures(one: &OpLatency) -> Vec<(f64, u64)> {
    let at = [
        (0.0, one.min_ns),
        (std::f64::consts::LOG10_2, one.p50_ns),
        (1.0, one.p90_ns),
        (2.0, one.p99_ns),
        (3.0, one.p999_ns),
    ];
    let last = log(one.count).min(MOST_NINES);
    let mut points: Vec<(f64, u64)> =
        at.into_iter().chain([(4.0, one.p9999_ns)]).filter(|point| point.0 < last).collect();
    points.push((last, one.max_ns));
    points
}

fn log(n: u64) -> f64 {
    (n.max(1) as f64).log10()
}

/// `0 %`, `90 %`, `99.9 %`.
fn percentile(nines: u32) -> String {
    match nines {
        0 => "0 %".to_owned(),
        1 | 2 => format!("{} %", "9".repeat(nines as usize) + if nines == 1 { "0" } else { "" }),
        _ => format!("99.{} %", "9".repeat(nines as usize - 2)),
    }
}

/// `100 ns`, `1 µs`, `10 ms`.
fn tick(ns: f64) -> String {
    let mut out = String::new();
    let (unit, by) =
        [("s", 1e9), ("ms", 1e6), ("µs", 1e3)].into_iter().find(|(_, by)| ns >= *by).unwrap_or(("ns", 1.0));
    let _ = write!(out, "{:.0} {unit}", ns / by);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use hdrhistogram::serialization::{Serializer, V2DeflateSerializer};

    fn measured(values: impl Iterator<Item = u64>) -> OpLatency {
        let mut all = Histogram::<u64>::new(3).unwrap();
        values.for_each(|ns| all.record(ns).unwrap());
        let mut bytes = Vec::new();
        V2DeflateSerializer::new().serialize(&all, &mut bytes).unwrap();
        OpLatency {
            op: "flush".into(),
            count: all.len(),
            min_ns: all.min(),
            mean_ns: all.mean(),
            p50_ns: all.value_at_quantile(0.5),
            p90_ns: all.value_at_quantile(0.9),
            p99_ns: all.value_at_quantile(0.99),
            p999_ns: all.value_at_quantile(0.999),
            p9999_ns: all.value_at_quantile(0.9999),
            max_ns: all.max(),
            histogram: STANDARD.encode(bytes),
        }
    }

    #[test]
    fn each_nine_has_the_same_room_and_the_line_ends_at_the_maximum() {
        let one = measured((1..=10_000).map(|n| n * 100));
        let line = line(&one);
        let at = |nines: f64| line.points.iter().find(|p| (p.0 - nines).abs() < 1e-9).unwrap().1;
        assert_eq!((at(1.0), at(2.0), at(3.0)), (one.p90_ns, one.p99_ns, one.p999_ns));
        assert_eq!(line.points.last(), Some(&(4.0, one.max_ns)));
        let chart = latencies(&[one]).unwrap();
        for label in ["0 %", "90 %", "99 %", "99.9 %", "99.99 %", "100 ns", "1 µs", "1 ms", "flush"] {
            assert!(chart.contains(&format!(">{label}</text>")), "{label}: {chart}");
        }
        assert!(!chart.contains("99.999 %") && !chart.contains("NaN"), "{chart}");
    }

    #[test]
    fn a_histogram_that_does_not_read_leaves_the_figures() {
        let good = measured((1..=10_000).map(|n| n * 100));
        for histogram in ["", "no base64", "AAAA"] {
            let bad = OpLatency { histogram: histogram.into(), ..good.clone() };
            let points = line(&bad).points;
            assert!(points.contains(&(2.0, good.p99_ns)) && points.last() == Some(&(4.0, good.max_ns)), "{points:?}");
        }
        assert!(latencies(&[OpLatency { count: 0, ..good }]).is_none() && latencies(&[]).is_none());
    }

    #[test]
    fn few_and_huge_values_stay_in_the_field() {
        for one in [measured([0].into_iter()), measured([u64::MAX >> 2, 1].into_iter())] {
            let chart = latencies(std::slice::from_ref(&one)).unwrap();
            assert!(!chart.contains("NaN") && !chart.contains("inf"), "{chart}");
        }
    }
}
