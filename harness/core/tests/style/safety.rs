//! Each unsafe block and impl says why it is sound, and the crates that need none forbid it.

use crate::tokens;
use crate::tree::{Fault, Source, faults, keeps};

/// Lines of code between the reason and the word `unsafe`: the beginning of a statement that the formatter broke.
const BROKEN: usize = 3;

/// Crates that hold nothing worth an unsafe block.
const SAFE: [&str; 3] = ["harness/core/src/lib.rs", "reports/src/lib.rs", "ci/src/lib.rs"];

fn says_why(source: &Source) -> Vec<Fault> {
    let lines: Vec<&str> = source.text.lines().collect();
    let tokens = tokens::of(source);
    let promises = tokens.windows(2).filter(|two| two[0].text == "unsafe" && ["{", "impl"].contains(&&*two[1].text));
    let silent = promises.map(|two| two[0].line).filter(|line| !reason_above(&lines[..*line]));
    silent.map(|line| Fault::at(line, "`unsafe` without `// SAFETY:` above it")).collect()
}

/// True if the last of these lines stands under a comment with the reason, or has it at its end.
fn reason_above(lines: &[&str]) -> bool {
    let Some((own, above)) = lines.split_last() else { return false };
    if own.contains("// SAFETY:") {
        return true;
    }
    let comment = |line: &&&str| line.trim_start().starts_with("//");
    // Between the reason and the word may stand only what belongs to the same statement.
    let same = |line: &&&str| !comment(line) && !line.trim().is_empty() && !line.trim_end().ends_with([';', '}']);
    let broken = above.iter().rev().take_while(same).take(BROKEN).count();
    let reason = above.iter().rev().skip(broken).take_while(comment);
    reason.into_iter().any(|line| line.trim_start().starts_with("// SAFETY:"))
}

fn forbids(source: &Source) -> Vec<Fault> {
    if !SAFE.contains(&&*source.path) {
        return Vec::new();
    }
    let tokens = tokens::of(source);
    let forbids = (0..tokens.len()).any(|at| tokens::are(&tokens, at, &["#", "!", "[", "forbid", "(", "unsafe_code"]));
    if forbids { Vec::new() } else { vec![Fault::at(1, "no `#![forbid(unsafe_code)]`")] }
}

#[test]
fn every_unsafe_block_says_why_it_is_sound() {
    keeps(says_why);
    for good in [
        "// SAFETY: alone.\nunsafe { f() }",
        "// SAFETY: more\n// than a line.\nlet a =\n    unsafe { f() };",
        "unsafe { f() } // SAFETY: alone.",
        "// SAFETY: no data.\n#[cfg(a)]\nunsafe impl Send for A {}",
        "unsafe fn f() {}\n// unsafe { f() }\nconst A: &str = \"unsafe { f() }\";",
    ] {
        faults(says_why, "a.rs", good, 0);
    }
    for bad in [
        "unsafe { f() }",
        "// It is safe.\nunsafe { f() }",
        "// SAFETY: of another.\nlet b = 1;\nunsafe { f() }",
        "// SAFETY: of another.\n\nunsafe impl Send for A {}",
        "/// # Safety\nunsafe impl Send for A {}",
    ] {
        faults(says_why, "a.rs", bad, 1);
    }
}

#[test]
fn the_pure_crates_forbid_unsafe_code() {
    keeps(forbids);
    for path in SAFE {
        faults(forbids, path, "#![forbid(unsafe_code)]\n", 0);
        faults(forbids, path, "//! `#![forbid(unsafe_code)]`\n", 1);
    }
}
