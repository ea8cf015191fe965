//! Charts of a page: lines over two axes.
//!
//! Written by hand, as [`super::curve`] is: a chart is a few paths and numbers, and has to follow the page's light or dark.

mod latency;
mod timeline;

pub(super) use latency::latencies;
pub(super) use timeline::{faults, timeline};

use super::svg::escape;
use std::fmt::Write as _;

/// For the page that has the charts. Lines differ by dash, too, for those who cannot tell the colours, and on paper.
pub(super) const STYLE: &str = "\
.rh-plot{font:11px system-ui,sans-serif}.rh-plot text{fill:var(--ink)}\
.rh-plot .grid{stroke:var(--rule);fill:none}.rh-plot .line{fill:none;stroke-width:2;stroke-linejoin:round}\
.rh-plot .c0{stroke:var(--c0)}.rh-plot .c1{stroke:var(--c1);stroke-dasharray:7 3}\
.rh-plot .c2{stroke:var(--c2);stroke-dasharray:2 3}.rh-plot .c3{stroke:var(--c3);stroke-dasharray:9 3 2 3}\
.rh-plot .fault{stroke:var(--fail);stroke-width:1}.rh-plot .pause{stroke-dasharray:3 2}\
.rh-plot .other{stroke-dasharray:1 3}";

/// Lines that can be told apart; further ones begin again.
const LOOKS: usize = 4;

/// A chart that grows. The field is what lies between the axes.
struct Chart {
    out: String,
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

impl Chart {
    /// A chart of `width` × `height`, whose field begins `left` from the edge; `title` for those who cannot see it.
    fn new((width, height): (f64, f64), left: f64, title: &str) -> Self {
        let title = escape(title);
        let out = format!(
            "<svg class=\"rh-plot\" role=\"img\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\
             <title>{title}</title>"
        );
        Self { out, left, right: width - 34.0, top: 18.0, bottom: height - 24.0 }
    }

    /// `share` of the way from the left axis to the right one.
    fn x(&self, share: f64) -> f64 {
        self.left + (self.right - self.left) * share.clamp(0.0, 1.0)
    }

    /// `share` of the way up.
    fn y(&self, share: f64) -> f64 {
        self.bottom - (self.bottom - self.top) * share.clamp(0.0, 1.0)
    }

    fn text(&mut self, (x, y): (f64, f64), anchor: &str, text: &str) {
        let text = escape(text);
        let _ = write!(self.out, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>");
    }

    fn path(&mut self, class: &str, d: &str) {
        let _ = write!(self.out, "<path class=\"{class}\" d=\"{d}\"/>");
    }

    /// A line of the grid across the field, with its number on the left.
    fn level(&mut self, share: f64, label: &str) {
        let (y, left, right) = (self.y(share), self.left, self.right);
        self.path("grid", &format!("M{left:.1} {y:.1}H{right:.1}"));
        self.text((left - 6.0, y + 4.0), "end", label);
    }

    /// The same upwards, with its number below.
    fn tick(&mut self, share: f64, label: &str) {
        let (x, top, bottom) = (self.x(share), self.top, self.bottom);
        self.path("grid", &format!("M{x:.1} {top:.1}V{bottom:.1}"));
        self.text((x, bottom + 15.0), "middle", label);
    }

    /// A line through points given as shares.
    fn line(&mut self, look: usize, points: &[(f64, f64)]) {
        let mut d = String::new();
        for (i, (x, y)) in points.iter().enumerate() {
            let verb = if i == 0 { 'M' } else { 'L' };
            let _ = write!(d, "{verb}{:.1} {:.1}", self.x(*x), self.y(*y));
        }
        self.path(&format!("line c{}", look % LOOKS), &d);
    }

    fn close(mut self) -> String {
        self.out.push_str("</svg>");
        self.out
    }
}
