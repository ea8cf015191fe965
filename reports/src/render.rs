//! Renderers: report → bytes. One file each, one line each in [`ALL`].

mod coverage;
mod figures;
mod interleaving;
mod json;
mod markdown;
mod text;

pub use coverage::coverage;
pub use interleaving::interleaving;
pub use json::json;
pub use markdown::markdown;
pub use text::{TextOptions, text};

use crate::model::Report;

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
    Renderer { name: "json", extension: "json", about: "the report itself", render: |r| json(r).into_bytes() },
    Renderer {
        name: "markdown",
        extension: "md",
        about: "a short summary for a job page or a review comment",
        render: |r| markdown(r).into_bytes(),
    },
    Renderer {
        name: "text",
        extension: "txt",
        about: "the summary that a run prints, 100 columns wide",
        render: |r| text(r, &TextOptions::default()).into_bytes(),
    },
];

/// The renderer of that name.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Renderer> {
    ALL.iter().find(|renderer| renderer.name == name)
}

#[cfg(test)]
mod tests;
