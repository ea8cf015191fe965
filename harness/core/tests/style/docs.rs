//! Each module says at its top what it is, and stands in a file of its own name.

use crate::tree::{Fault, Source, faults, keeps};

fn says_what_it_is(source: &Source) -> Vec<Fault> {
    let first = source.text.lines().next().unwrap_or_default();
    let silent = source.is_rust() && first.trim_start_matches("//!").trim().is_empty() || !first.starts_with("//!");
    (source.is_rust() && silent).then(|| Fault::at(1, "no `//!` at the top")).into_iter().collect()
}

/// `foo.rs` and `foo/`: in an editor every `mod.rs` looks like every other.
fn has_a_name(source: &Source) -> Vec<Fault> {
    let nameless = source.path == "mod.rs" || source.path.ends_with("/mod.rs");
    nameless.then(|| Fault::at(1, "`foo.rs` beside `foo/`, not `foo/mod.rs`")).into_iter().collect()
}

#[test]
fn every_module_says_what_it_is() {
    keeps(says_what_it_is);
    faults(says_what_it_is, "src/a.rs", "//! Says.\nuse b;\n", 0);
    faults(says_what_it_is, "src/a.rs", "use b;\n//! Too late.\n", 1);
    faults(says_what_it_is, "src/a.rs", "//!\nuse b;\n", 1);
    faults(says_what_it_is, "src/a.rs", "// A note.\n", 1);
    faults(says_what_it_is, "src/a.rs", "", 1);
    faults(says_what_it_is, "a.toml", "schema = 1\n", 0);
}

#[test]
fn every_module_has_a_name() {
    keeps(has_a_name);
    faults(has_a_name, "src/a/mod.rs", "//! Says.\n", 1);
    faults(has_a_name, "src/a/commod.rs", "//! Says.\n", 0);
}
