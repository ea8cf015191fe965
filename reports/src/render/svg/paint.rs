//! The elements of the diagram, as text. Everything from outside is escaped here and nowhere else.

use super::plan::wide;
use crate::words::clean;
use std::fmt::Write as _;

/// Colours of objects, told apart on light and dark, over again from the ninth on.
const COLOURS: [&str; 8] = ["#4c78a8", "#e08214", "#2ca089", "#b5558d", "#8a8d2d", "#7b6bd6", "#3a9bc1", "#a0704a"];

/// Class names have a prefix: inside of a page they are the page's too.
pub(in crate::render) const STYLE: &str = "\
.rh{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace}\
.rh text{fill:#1f2328}.rh .rh-bg{fill:#ffffff}\
.rh .rh-title{font-weight:bold}.rh .rh-faint,.rh .rh-site{fill:#59636e}.rh .rh-loud{fill:#cf222e;font-weight:bold}\
.rh .rh-note{fill:#59636e;font-style:italic}.rh .rh-actor{font-weight:bold}\
.rh .rh-lane{fill:#f6f8fa;stroke:#d1d9e0}\
.rh .rh-box{fill:#ddf4ff;stroke:#54aeff}.rh .rh-opens{fill:#fff8c5;stroke:#9a6700;stroke-width:2}\
.rh .rh-pair{fill:#ffebe9;stroke:#cf222e;stroke-width:2.5}\
.rh .rh-stuck{fill:#ffebe9;stroke:#cf222e;stroke-dasharray:4 3}\
.rh .rh-rule{stroke:#d1d9e0;stroke-dasharray:2 4}.rh .rh-switch{stroke:#8250df;stroke-dasharray:6 3}\
.rh .rh-tag{fill:#8250df}.rh .rh-tagged{fill:#f6f8fa}\
.rh .rh-race,.rh .rh-window{fill:none;stroke:#cf222e;stroke-width:2.5}\
.rh .rh-window{stroke:#9a6700;stroke-width:1.5;stroke-dasharray:5 4}\
.rh .rh-wait{fill:url(#rh-hatch);stroke:#59636e}.rh .rh-hatching{stroke:#59636e;stroke-width:2}\
@media (prefers-color-scheme:dark){\
.rh text{fill:#e6edf3}.rh .rh-bg{fill:#0d1117}\
.rh .rh-faint,.rh .rh-site,.rh .rh-note{fill:#9198a1}.rh .rh-loud{fill:#ff7b72}\
.rh .rh-lane{fill:#151b23;stroke:#3d444d}\
.rh .rh-box{fill:#12283f;stroke:#388bfd}.rh .rh-opens{fill:#341f00;stroke:#d29922}\
.rh .rh-pair,.rh .rh-stuck{fill:#490e14;stroke:#ff7b72}\
.rh .rh-rule{stroke:#3d444d}.rh .rh-switch{stroke:#ab7df8}.rh .rh-tag{fill:#ab7df8}.rh .rh-tagged{fill:#151b23}\
.rh .rh-race{stroke:#ff7b72}.rh .rh-window{stroke:#d29922}\
.rh .rh-wait{stroke:#9198a1}.rh .rh-hatching{stroke:#9198a1}}";

/// A document that grows.
#[derive(Default)]
pub(super) struct Paint {
    out: String,
    /// Inside of a page, whose style says once what else every element would.
    on_page: bool,
}

/// A point, or a width and a height.
type At = (u32, u32);

/// What the diagrams refer to.
macro_rules! defs {
    () => {
        "<defs><pattern id=\"rh-hatch\" width=\"6\" height=\"6\" patternTransform=\"rotate(45)\" \
         patternUnits=\"userSpaceOnUse\"><path class=\"rh-hatching\" d=\"M0 0V6\"/></pattern>\
         <marker id=\"rh-arrow\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"5\" markerHeight=\"5\" \
         orient=\"auto\"><path class=\"rh-loud\" d=\"M0 0L10 5L0 10z\" fill=\"#cf222e\"/></marker></defs>"
    };
}

/// The same as an element of its own, which takes no room on a page.
pub(in crate::render) const PAGE_DEFS: &str =
    concat!("<svg class=\"rh rh-defs\" width=\"0\" height=\"0\" aria-hidden=\"true\">", defs!(), "</svg>");

impl Paint {
    /// For a page: the diagram leaves to it what all diagrams have in common.
    pub(super) fn on_page() -> Self {
        Self { on_page: true, ..Self::default() }
    }

    pub(super) fn open(&mut self, width: u32, height: u32, title: &str) {
        let size =
            format!("class=\"rh\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"img\"");
        if self.on_page {
            let _ = writeln!(self.out, "<svg {size} aria-label=\"lane diagram; the table below says the same\">");
        } else {
            let title = escape(title);
            let svg = "svg xmlns=\"http://www.w3.org/2000/svg\"";
            let _ = writeln!(self.out, "<{svg} {size}>\n<title>{title}</title>\n<style>{STYLE}</style>\n{}", defs!());
        }
        self.rect("rh-bg", (0, 0), (width, height), "");
    }

    pub(super) fn close(mut self) -> String {
        self.out.push_str("</svg>\n");
        self.out
    }

    /// `anchor` and `title` may be empty.
    pub(super) fn text(&mut self, class: &str, (x, y): At, text: &str, anchor: &str, title: &str) {
        let anchor = if anchor.is_empty() { String::new() } else { format!(" text-anchor=\"{anchor}\"") };
        let (text, title) = (escape(text), tooltip(title));
        let space = if self.on_page { "" } else { " xml:space=\"preserve\"" };
        let _ = writeln!(self.out, "<text class=\"{class}\" x=\"{x}\" y=\"{y}\"{anchor}{space}>{text}{title}</text>");
    }

    pub(super) fn rect(&mut self, class: &str, (x, y): At, (width, height): At, title: &str) {
        let title = tooltip(title);
        let round = if self.on_page { "" } else { " rx=\"3\"" };
        let _ = writeln!(
            self.out,
            "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"{round}>{title}</rect>"
        );
    }

    /// A text in a box, whose left edge and middle are at the first pair; as wide as said.
    pub(super) fn boxed(&mut self, class: &str, (x, y): At, width: u32, text: &str, title: &str) {
        self.out.push_str("<g>");
        self.out.push_str(&tooltip(title));
        self.rect(class, (x, y - 10), (width, 20), "");
        self.text("rh-op", (x + 6, y + 4), text, "", "");
        self.out.push_str(
            "</g>
",
        );
    }

    /// A small text that breaks a line.
    pub(super) fn tag(&mut self, (x, y): At, text: &str, title: &str) {
        self.rect("rh-tagged", (x, y - 8), (wide(text.chars().count()) + 12, 16), "");
        self.text("rh-tag", (x + 6, y + 4), text, "", title);
    }

    pub(super) fn line(&mut self, class: &str, from: At, to: At) {
        let _ = writeln!(self.out, "<path class=\"{class}\" d=\"M{} {}L{} {}\"/>", from.0, from.1, to.0, to.1);
    }

    /// A line that leaves and arrives level, with an arrow at its end.
    pub(super) fn curve(&mut self, class: &str, from: At, to: At, title: &str) {
        let (x1, x2) = (i64::from(from.0), i64::from(to.0));
        let reach = if x1 <= x2 { 40 } else { -40 };
        let _ = writeln!(
            self.out,
            "<path class=\"{class}\" marker-end=\"url(#rh-arrow)\" d=\"M{x1} {}C{} {} {} {} {x2} {}\">{}</path>",
            from.1,
            x1 + reach,
            from.1,
            x2 - reach,
            to.1,
            to.1,
            tooltip(title)
        );
    }

    /// A hold: a full bar in the object's colour, an outlined one where others may hold it too.
    pub(super) fn bar(&mut self, (x, y): At, (width, height): At, object: u32, shared: bool, title: &str) {
        let colour = colour(object);
        let fill = if shared { format!("none\" stroke=\"{colour}") } else { colour.to_owned() };
        let _ = writeln!(
            self.out,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"2\" fill=\"{fill}\">{}</rect>",
            tooltip(title)
        );
    }

    /// The object's colour as a dot.
    pub(super) fn dot(&mut self, (x, y): At, object: u32) {
        if object != 0 {
            let _ = writeln!(self.out, "<circle cx=\"{x}\" cy=\"{y}\" r=\"4\" fill=\"{}\"/>", colour(object));
        }
    }
}

fn colour(object: u32) -> &'static str {
    COLOURS[(object as usize).wrapping_sub(1) % COLOURS.len()]
}

fn tooltip(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("<title>{}</title>", escape(text)) }
}

/// Text as XML has it. What XML cannot carry at all (most control characters, two that are no characters) is
/// shown, or replaced.
pub(in crate::render) fn escape(text: &str) -> String {
    let lines: Vec<String> = text.split('\n').map(clean).collect();
    let mut out = String::new();
    for c in lines.join("\n").chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
