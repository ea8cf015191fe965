//! Renderers: report → bytes. One file each, one line each in [`ALL`].

mod catalogue;
mod coverage;
mod curve;
mod exact;
mod figures;
mod html;
mod interleaving;
mod json;
mod junit;
mod markdown;
mod plot;
mod sarif;
mod soak;
mod svg;
mod text;
mod unseen;

pub use catalogue::markdown as catalogue;
#[cfg(test)]
pub(crate) use catalogue::words_of;
pub use coverage::coverage;
pub(crate) use coverage::mark;
pub use curve::svg as curve;
pub use html::html;
pub use interleaving::interleaving;
pub use json::json;
pub use junit::junit;
pub use markdown::markdown;
pub use sarif::sarif;
pub use soak::says as drift_says;
pub use svg::{of_finding as svg_of_finding, of_report as svg_of_report, svg};
pub use text::{TextOptions, repro, text};

use crate::model::{LeftOut, Report};
use crate::words::{clean, counted};

/// A form in which a report can be written to a file.
#[derive(Clone, Copy, Debug)]
pub struct Renderer {
    /// What `--format` takes.
    pub name: &'static str,
    /// Ending of the file's name.
    pub extension: &'static str,
    /// One line for help texts.
    pub about: &'static str,
    /// Report to bytes. Pure.
    pub render: fn(&Report) -> Vec<u8>,
}

/// Every renderer.
pub const ALL: &[Renderer] = &[
    Renderer {
        name: "catalogue",
        extension: "md",
        about: "one table of every race, variant and engine over all scenarios, as Markdown",
        render: |r| catalogue(r).into_bytes(),
    },
    Renderer {
        name: "html",
        extension: "html",
        about: "all of it as one page that needs no network, with diagrams and charts",
        render: |r| html(r).into_bytes(),
    },
    Renderer { name: "json", extension: "json", about: "the report itself", render: |r| json(r).into_bytes() },
    Renderer {
        name: "junit",
        extension: "xml",
        about: "a test case for each thing that a scenario says, for CI systems",
        render: |r| junit(r).into_bytes(),
    },
    Renderer {
        name: "markdown",
        extension: "md",
        about: "a short summary for a job page or a review comment",
        render: |r| markdown(r).into_bytes(),
    },
    Renderer {
        name: "sarif",
        extension: "sarif",
        about: "the findings on lines of the source (SARIF 2.1.0), for code scanning",
        render: |r| sarif(r).into_bytes(),
    },
    Renderer {
        name: "svg",
        extension: "svg",
        about: "the lane diagram of one finding (see --finding)",
        render: |r| svg_of_report(r, None).unwrap_or_else(svg::nothing).into_bytes(),
    },
    Renderer {
        name: "text",
        extension: "txt",
        about: "the summary that a run prints, 100 columns wide",
        render: |r| text(r, &TextOptions::default()).into_bytes(),
    },
];

/// One line on scenarios that did not run.
fn left_out(left: &LeftOut) -> String {
    let LeftOut { folder, reason, scenarios } = left;
    let n = counted(scenarios.len() as u64, "scenario");
    format!("left out: {n} in {}: {}; name the folder itself to run {}", clean(folder), clean(reason), them(scenarios))
}

fn them(scenarios: &[String]) -> &'static str {
    if scenarios.len() == 1 { "it" } else { "them" }
}

/// The renderer of that name.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Renderer> {
    ALL.iter().find(|renderer| renderer.name == name)
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod views;
