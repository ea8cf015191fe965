//! `list`, `show`, `schema`, `completions`: what can be run.

use crate::args::{self, SchemaOf};
use crate::{Failure, load, output};
use clap::CommandFactory;
use racehunt_core::subject::Subject;
use racehunt_engines::registry::{Subjects, find};
use racehunt_reports::{exit, schema};
use std::fmt::Write;

/// `racehunt list`.
pub(crate) fn list(args: &args::List, subjects: Subjects<'_>) -> Result<u8, Failure> {
    let mut text = String::from("Subjects\n");
    for s in subjects {
        let variants: Vec<&str> = s.variants().iter().map(|v| v.name).collect();
        let _ = writeln!(text, "  {:<16} {}", s.name(), variants.join(", "));
    }
    if !args.paths.is_empty() {
        text.push_str("Scenarios\n");
        for one in load::load(&args.paths, subjects)? {
            let engines: Vec<String> = one.scenario.engines().iter().map(ToString::to_string).collect();
            let _ = writeln!(text, "  {}  ({})", one.file.display(), engines.join(", "));
            let _ = writeln!(text, "      {}", one.scenario.about);
            if let Some(reason) = &one.scenario.on_request {
                let _ = writeln!(text, "      on request only: {reason}");
            }
        }
    }
    output::print(&text)?;
    Ok(exit::AS_EXPECTED)
}

/// `racehunt show`.
pub(crate) fn show(args: &args::Show, subjects: Subjects<'_>) -> Result<u8, Failure> {
    let Some(subject) = find(subjects, &args.subject) else {
        let names: Vec<&str> = subjects.iter().map(|s| s.name()).collect();
        let known = names.join(", ");
        return Err(Failure::Usage(format!("error: no subject is called `{}`; there is: {known}", args.subject)));
    };
    output::print(&describe(subject))?;
    Ok(exit::AS_EXPECTED)
}

fn describe(subject: &dyn Subject) -> String {
    let mut text = format!("{}\n\n{}\n\nVariants\n", subject.name(), subject.about());
    for v in subject.variants() {
        let _ = writeln!(text, "  {:<18} {}", v.name, v.about);
    }
    text.push_str("\nOps\n");
    for o in subject.ops() {
        let _ = writeln!(text, "  {:<18} {}", o.name, o.about);
    }
    let params = subject.params();
    text.push_str(if params.is_empty() { "\nNo params\n" } else { "\nParams\n" });
    for p in params {
        let _ = writeln!(text, "  {:<18} {} (default: {})", p.name, p.about, p.default);
        if !p.choices.is_empty() {
            let _ = writeln!(text, "  {:<18} one of {}", "", p.choices.join(", "));
        }
    }
    text
}

/// `racehunt schema`.
pub(crate) fn schema(args: &args::Schema) -> Result<u8, Failure> {
    let value = match args.of {
        SchemaOf::Scenario => schema::scenario(),
        SchemaOf::Report => schema::report(),
        SchemaOf::Selftest => schema::selftest(),
        SchemaOf::Policy => racehunt_gate::Policy::schema(),
    };
    output::print(&schema::text(&value))?;
    Ok(exit::AS_EXPECTED)
}

/// `racehunt completions`.
pub(crate) fn completions(args: &args::Completions) -> Result<u8, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut args::Args::command(), "racehunt", &mut script);
    output::print(&String::from_utf8_lossy(&script))?;
    Ok(exit::AS_EXPECTED)
}
