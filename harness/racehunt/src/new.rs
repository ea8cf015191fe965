//! `racehunt new`: a crate to begin with, whose planted race its own test finds.

mod name;

pub(crate) use name::name;

use crate::{Failure, args, output};
use racehunt_reports::exit;
use std::path::{Path, PathBuf};

/// The files of the crate, and their templates.
const FILES: [(&str, &str); 8] = [
    ("Cargo.toml", include_str!("../template/manifest.toml")),
    ("README.md", include_str!("../template/README.md")),
    (".gitignore", include_str!("../template/gitignore")),
    ("scenario.toml", include_str!("../template/scenario.toml")),
    ("src/lib.rs", include_str!("../template/src/lib.rs")),
    ("src/main.rs", include_str!("../template/src/main.rs")),
    ("src/subject.rs", include_str!("../template/src/subject.rs")),
    ("tests/hunt.rs", include_str!("../template/tests/hunt.rs")),
];

/// Where this program was built from, if the sources are still there.
const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// `racehunt new`.
pub(crate) fn new(args: &args::New) -> Result<u8, Failure> {
    let checkout = checkout(args.racehunt.as_deref())?;
    let folder = args.dir.join(&args.name);
    write(&folder, &args.name, &checkout)?;
    output::print(&welcome(&folder, &args.name, &checkout))?;
    Ok(exit::AS_EXPECTED)
}

/// The sources that the new crate is built against. No registry has racehunt, so there must be a checkout.
fn checkout(named: Option<&Path>) -> Result<PathBuf, Failure> {
    let path = named.unwrap_or(Path::new(SOURCES));
    let checkout = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let shown = checkout.display();
    match (checkout.join("harness/racehunt/Cargo.toml").is_file(), named) {
        (true, _) => Ok(checkout),
        (false, Some(_)) => Err(Failure::Usage(format!(
            "error: --racehunt: {shown} is no checkout of racehunt: it has no harness/racehunt/Cargo.toml"
        ))),
        (false, None) => Err(Failure::Usage(format!(
            "error: the sources that this program was built from are gone ({shown}), and no registry has racehunt: name a \
             checkout of it with --racehunt PATH"
        ))),
    }
}

/// Writes the crate aside and renames it: it is there as a whole, or not at all.
fn write(folder: &Path, name: &str, checkout: &Path) -> Result<(), Failure> {
    if folder.symlink_metadata().is_ok() {
        return Err(Failure::Usage(format!("error: {} is there already; nothing was written", folder.display())));
    }
    let parent = output::parent(folder);
    let attempt = || -> std::io::Result<()> {
        std::fs::create_dir_all(parent)?;
        let aside = tempfile::Builder::new().prefix(".racehunt-new-").tempdir_in(parent)?;
        let whole = aside.path().join(name);
        for (file, template) in FILES {
            let path = whole.join(file);
            std::fs::create_dir_all(output::parent(&path))?;
            std::fs::write(path, render(template, name, checkout))?;
        }
        // A folder that came in the meantime is replaced only if it is empty: so says rename.
        std::fs::rename(whole, folder)
    };
    attempt().map_err(Failure::harness(folder.display().to_string()))
}

/// Fills the places of a template in.
fn render(template: &str, name: &str, checkout: &Path) -> String {
    // A TOML string may have the escapes of a JSON one.
    let text = |path: &str| serde_json::Value::from(checkout.join(path).to_string_lossy()).to_string();
    template
        .replace("{{name}}", name)
        .replace("{{crate}}", &name.replace('-', "_"))
        .replace("{{rust-version}}", env!("CARGO_PKG_RUST_VERSION"))
        .replace("{{racehunt}}", &text("harness/racehunt"))
        .replace("{{racehunt-sync}}", &text("harness/sync"))
        .replace("{{guide}}", &checkout.join("harness/racehunt/GUIDE.md").to_string_lossy())
}

fn welcome(folder: &Path, name: &str, checkout: &Path) -> String {
    let (folder, checkout) = (folder.strip_prefix(".").unwrap_or(folder).display(), checkout.display());
    format!(
        "\
{folder}: a crate with an outbox that loses items, and a variant of it that does not

  src/lib.rs       the component, on the names of std::sync
  src/subject.rs   what racehunt must know of it: variants, ops, what became of each item
  src/main.rs      the command line of racehunt over it
  scenario.toml    what its threads do, how to search, what must be found
  tests/hunt.rs    the same race in a plain test

It is built against {checkout} by path: no registry has racehunt.

Next (the first build takes some minutes):

  cd {folder}
  cargo test                        finds the race, and goes through every schedule of the fixed variant
  cargo run -- run scenario.toml    shows it, on real threads too
  cargo run -- show outbox

{name}/README.md goes on from there.
"
    )
}
