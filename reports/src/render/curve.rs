//! The discovery curve as a picture: executions on a logarithmic scale, different interleavings upwards.
//!
//! Written by hand: it is one path, two axes and a few numbers, and has to follow the page's light or dark, which chart
//! crates do not.

use crate::words::count;
use racehunt_core::discovery::{Discovery, Reached};
use std::fmt::Write as _;

/// The picture, in pixels.
const WIDTH: f64 = 380.0;
const HEIGHT: f64 = 190.0;
/// The field of the curve.
const LEFT: f64 = 64.0;
const RIGHT: f64 = WIDTH - 24.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = HEIGHT - 40.0;

/// Light unless the page is dark. Every rule is below the picture's own class, so that it changes nothing else on a page.
pub(super) const STYLE: &str = "\
.rh-curve{--ink:#1f2328;--faint:#d1d9e0;--line:#0969da;font:11px system-ui,sans-serif}\
@media(prefers-color-scheme:dark){.rh-curve{--ink:#e6edf3;--faint:#3d444d;--line:#4493f8}}\
.rh-curve text{fill:var(--ink)}.rh-curve .grid{stroke:var(--faint);fill:none}\
.rh-curve .met{stroke:var(--line);stroke-width:2;fill:none;stroke-linejoin:round}\
.rh-curve .all{stroke:var(--ink);stroke-dasharray:2 4;opacity:.5;fill:none}.rh-curve .at{fill:var(--line)}";

/// The curve as an SVG element that stands by itself. `None` if there is no curve: fewer than two points.
///
/// The dotted line is where each execution would be a new one.
#[must_use]
pub fn svg(discovery: &Discovery) -> Option<String> {
    draw(discovery, " xmlns=\"http://www.w3.org/2000/svg\"", &format!("<style>{STYLE}</style>"))
}

/// The same for a page that has [`STYLE`].
pub(super) fn on_page(discovery: &Discovery) -> Option<String> {
    draw(discovery, "", "")
}

fn draw(discovery: &Discovery, space: &str, style: &str) -> Option<String> {
    let curve = &discovery.curve;
    let [_, .., last] = curve.as_slice() else { return None };
    let (most, high) = (last.executions.max(2), last.distinct.max(1));
    let x = |executions: u64| LEFT + (RIGHT - LEFT) * ln(executions) / ln(most);
    let y = |distinct: u64| BOTTOM - (BOTTOM - TOP) * (distinct as f64 / high as f64);
    let mut out = format!(
        "<svg{space} class=\"rh-curve\" role=\"img\" width=\"{WIDTH}\" height=\"{HEIGHT}\" \
         viewBox=\"0 0 {WIDTH} {HEIGHT}\"><title>{}</title>{style}",
        title(discovery)
    );
    for tick in ticks(most) {
        let at = x(tick);
        let _ = write!(out, "<path class=\"grid\" d=\"M{at:.1} {TOP}V{BOTTOM}\"/>");
        let _ =
            write!(out, "<text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>", BOTTOM + 15.0, short(tick));
    }
    for level in [0, high] {
        let at = y(level);
        let _ = write!(out, "<path class=\"grid\" d=\"M{LEFT} {at:.1}H{RIGHT}\"/>");
        let _ = write!(
            out,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            LEFT - 6.0,
            at + 4.0,
            count(level)
        );
    }
    let _ = write!(out, "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">distinct</text>", LEFT - 6.0, TOP + 18.0);
    // As many different ones as executions: up to where that leaves the field.
    let every: Vec<Reached> = (0..=24).map(|i| each(high.min(most), i)).collect();
    let _ = write!(out, "<path class=\"all\" d=\"{}\"/>", path(&every, x, y));
    let _ = write!(out, "<path class=\"met\" d=\"{}\"/>", path(curve, x, y));
    let _ =
        write!(out, "<circle class=\"at\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\"/>", x(last.executions), y(last.distinct));
    let _ = write!(
        out,
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">executions</text></svg>",
        f64::midpoint(LEFT, RIGHT),
        HEIGHT - 8.0
    );
    Some(out)
}

fn ln(executions: u64) -> f64 {
    (executions.max(1) as f64).ln()
}

fn title(discovery: &Discovery) -> String {
    let more = if discovery.at_least { "at least " } else { "" };
    format!("{more}{} distinct interleavings in {} executions", count(discovery.distinct), count(discovery.executions))
}

/// Powers of ten: all, or every second or third where there are many.
fn ticks(most: u64) -> Vec<u64> {
    let all: Vec<u64> = (0..20).map(|power| 10_u64.pow(power)).take_while(|tick| *tick <= most).collect();
    all.iter().copied().step_by(all.len().div_ceil(7).max(1)).collect()
}

/// `1`, `10`, `1k`, `100k`, `10M`.
fn short(tick: u64) -> String {
    match tick {
        0..1_000 => tick.to_string(),
        1_000..1_000_000 => format!("{}k", tick / 1_000),
        1_000_000..1_000_000_000 => format!("{}M", tick / 1_000_000),
        _ => format!("{}G", tick / 1_000_000_000),
    }
}

/// A point of the line on which every execution is new, `step` of 24 up to `most`.
fn each(most: u64, step: u32) -> Reached {
    let executions = ((most as f64).ln() * f64::from(step) / 24.0).exp().round() as u64;
    Reached { executions, distinct: executions }
}

fn path(points: &[Reached], x: impl Fn(u64) -> f64, y: impl Fn(u64) -> f64) -> String {
    let mut path = String::new();
    for (i, point) in points.iter().enumerate() {
        let verb = if i == 0 { 'M' } else { 'L' };
        let _ = write!(path, "{verb}{:.1} {:.1}", x(point.executions), y(point.distinct));
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned;
    use racehunt_core::discovery::Sampling;

    fn sample() -> Discovery {
        canned::discovery(Sampling::Independent)
    }

    #[test]
    fn a_curve_stands_by_itself_and_follows_the_page() {
        let svg = svg(&sample()).unwrap();
        assert!(svg.starts_with("<svg xmlns=") && svg.ends_with("</svg>"));
        assert!(svg.contains("prefers-color-scheme:dark") && !svg.contains("http://www.w3.org/2000/svg\"/"), "{svg}");
        assert!(svg.contains("<title>4,211 distinct interleavings in 10,000 executions</title>"));
        assert!(!svg.contains("href") && !svg.contains("<script") && !svg.contains("NaN") && !svg.contains("inf"));
        let opened = svg.matches('<').count();
        assert_eq!(opened, svg.matches('>').count(), "every tag is closed");
        for (x, tick) in [(LEFT, "1"), (RIGHT, "10k")] {
            assert!(svg.contains(&format!(
                "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{tick}</text>",
                BOTTOM + 15.0
            )));
        }
    }

    #[test]
    fn the_curve_ends_at_the_top_right_and_never_leaves_the_field() {
        for (n, d) in [(2, 1), (2, 2), (1_000, 3), (1 << 40, 1 << 20), (u64::MAX, u64::MAX)] {
            let first = Reached { executions: 1, distinct: 1 };
            let curve = vec![first, Reached { executions: n, distinct: d }];
            let svg = svg(&Discovery { curve, ..sample() }).unwrap();
            assert!(svg.contains(&format!("cx=\"{RIGHT:.1}\" cy=\"{TOP:.1}\"")), "{svg}");
            let paths = svg.split("d=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
            for at in paths.flat_map(|d| d.split(['M', 'L', ' ', 'V', 'H'])).filter(|at| !at.is_empty()) {
                let at: f64 = at.parse().unwrap();
                assert!((0.0..=WIDTH).contains(&at), "{at}");
            }
        }
    }

    #[test]
    fn there_is_no_picture_of_one_point() {
        assert_eq!(svg(&Discovery { curve: Vec::new(), ..sample() }), None);
        let one = vec![Reached { executions: 1, distinct: 1 }];
        assert_eq!(svg(&Discovery { curve: one, ..sample() }), None);
    }
}
