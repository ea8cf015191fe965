//! `racehunt man`: manual pages, made from what the command line knows of itself.

use crate::{Failure, args, output};
use clap::{Command, CommandFactory};
use clap_mangen::{Man, roff};
use racehunt_reports::exit;
use std::path::Path;

/// `racehunt man`.
pub(crate) fn man(args: &args::Man) -> Result<u8, Failure> {
    // The page of `racehunt help` would say nothing that this one does not.
    let mut all = args::Args::command().disable_help_subcommand(true);
    all.build();
    match &args.out {
        None => output::print(&page(&all).1)?,
        Some(folder) => {
            write(&all, folder)?;
            for command in all.get_subcommands().filter(|command| !command.is_hide_set()) {
                write(command, folder)?;
            }
        }
    }
    Ok(exit::AS_EXPECTED)
}

fn write(command: &Command, folder: &Path) -> Result<(), Failure> {
    let (name, text) = page(command);
    output::write(&folder.join(name), text.as_bytes())
}

/// A command's page, and the name of its file. What stands below the help is laid out in lines and stays so, which
/// `Man` alone would fill into paragraphs.
fn page(command: &Command) -> (String, String) {
    let below = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let man = Man::new(command.clone().after_help(None)).source(concat!("racehunt ", env!("CARGO_PKG_VERSION")));
    let mut text = Vec::new();
    let mut more = roff::Roff::new();
    for part in below.split("\n\n").filter(|part| !part.is_empty()) {
        let (heading, lines) = match part.split_once(":\n") {
            Some((heading, lines)) => (heading.to_uppercase(), lines),
            None => ("NOTES".to_owned(), part),
        };
        more.control("SH", [heading.as_str()]);
        more.control("nf", []);
        for line in lines.lines() {
            more.text([roff::roman(line)]);
        }
        more.control("fi", []);
    }
    man.render(&mut text).and_then(|()| more.to_writer(&mut text)).expect("memory takes what is written to it");
    (man.get_filename(), String::from_utf8_lossy(&text).into_owned())
}
