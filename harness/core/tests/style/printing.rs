//! Only the command line prints, and it does so in one place that knows of closed pipes; benches and build scripts talk
//! to people and to cargo that way.

use crate::tokens;
use crate::tree::{Fault, Source, faults, keeps};

const MACROS: [&str; 5] = ["println", "eprintln", "print", "eprint", "dbg"];

fn silent(source: &Source) -> Vec<Fault> {
    let may = source.path.starts_with("harness/racehunt/")
        || source.path.contains("/benches/")
        || source.path.ends_with("/build.rs");
    if may {
        return Vec::new();
    }
    let tokens = tokens::of(source);
    let printing = tokens.windows(3).filter(|w| MACROS.contains(&&*w[0].text) && w[1].text == "!" && w[2].text != "=");
    printing.map(|w| Fault::at(w[0].line, format!("`{}!`", w[0].text))).collect()
}

#[test]
fn nothing_but_the_command_line_prints() {
    keeps(silent);
    let bad = "fn f() { println!(\"a\"); assert!({ dbg!(1); true }); }";
    faults(silent, "harness/core/src/a.rs", bad, 2);
    faults(silent, "scenarios/tests/a.rs", "eprint!(\"\"); eprintln!(); print!();", 3);
    faults(silent, "harness/engines/benches/a.rs", bad, 0);
    faults(silent, "harness/racehunt/src/a.rs", bad, 0);
    faults(silent, "reports/src/a.rs", "/// `println!(1)`\nfn print(eprint: u8) -> bool { eprint != 1 }", 0);
}
