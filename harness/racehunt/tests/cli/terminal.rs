//! What a person at a terminal sees.

use crate::support::{Bench, SHUTTLE, scenario};
use nix::pty::{OpenptyResult, Winsize, openpty};
use std::fs::File;
use std::io::Read;
use std::process::Stdio;

/// Runs the program on a terminal of 80 columns and returns all that it wrote there.
fn on_terminal(bench: &Bench, args: &str, env: &[(&str, &str)]) -> String {
    let size = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
    let OpenptyResult { master, slave } = openpty(&size, None).expect("a terminal");
    let mut command = bench.command(args);
    command.env("TERM", "xterm-256color").envs(env.iter().copied());
    command.stdout(slave.try_clone().expect("a copy")).stderr(Stdio::from(slave));
    let mut child = command.spawn().expect("the program starts");
    // Its copies of the terminal: with them open, reading would never end.
    drop(command);
    let mut text = Vec::new();
    let mut master = File::from(master);
    let mut piece = [0; 4096];
    // The end of a terminal is an error.
    while let Ok(n @ 1..) = master.read(&mut piece) {
        text.extend_from_slice(&piece[..n]);
    }
    child.wait().expect("the program ends");
    String::from_utf8(text).expect("UTF-8")
}

fn bench() -> Bench {
    Bench::with(&scenario("t", "\"published-fix\"", &["[shuttle]\nstrategy = \"random\"\nexecutions = 20_000\n"]))
}

/// Sequences that set a colour or a weight, not those that move the cursor.
fn has_colour(text: &str) -> bool {
    text.split("\u{1b}[")
        .skip(1)
        .any(|s| s.find(|c: char| c.is_ascii_alphabetic()).is_some_and(|at| s[at..].starts_with('m')))
}

/// What is left of a stream of lines that are rewritten: what follows the last erased one.
fn after_the_bars(text: &str) -> &str {
    text.rsplit("\u{1b}[2K").next().unwrap_or_default()
}

#[test]
fn bars_show_how_far_it_is_and_are_gone_at_the_end() {
    let text = on_terminal(&bench(), "run s.toml", &[("NO_COLOR", "1")]);
    for part in ["metrics-buffer/published-fix/shuttle/random", " of 1 trials", " executions, ", "/s"] {
        let bars = text.strip_suffix(after_the_bars(&text)).expect("a part of it");
        assert!(bars.contains(part), "no {part:?} in {bars:?}");
    }
    let rest = after_the_bars(&text);
    assert!(rest.contains("racehunt ") && rest.contains("FAIL: 1 failed"), "{rest:?}");
    assert!(!rest.contains("[=") && !rest.contains(" of 1 trials"), "{rest:?}");
}

#[test]
fn a_name_too_long_for_the_terminal_is_cut() {
    let long = "n".repeat(200);
    let bench = Bench::new();
    for name in ["a", "b"] {
        bench.file(&format!("all/{name}.toml"), scenario(&format!("{name}{long}"), "\"hardened\"", &[SHUTTLE]));
    }
    let text = on_terminal(&bench, "run all", &[("NO_COLOR", "1")]);
    let bars = text.strip_suffix(after_the_bars(&text)).expect("a part of it");
    assert!(bars.contains("nnn…") && !bars.contains(&"n".repeat(80)), "{bars:?}");
}

#[test]
fn colour_is_used_unless_refused() {
    let bench = bench();
    assert!(has_colour(&on_terminal(&bench, "run s.toml", &[])));
    for refusal in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        for args in ["run s.toml", "run no-such.toml", "replay racehunt-out/s/report.json", "show nobody"] {
            let text = on_terminal(&bench, args, &[refusal]);
            assert!(!has_colour(&text), "{refusal:?} {args}: {text:?}");
        }
    }
    bench.file("bad.toml", "schema = 1\nnaem = \"x\"\n");
    assert!(has_colour(&on_terminal(&bench, "run bad.toml", &[])));
    assert!(!has_colour(&on_terminal(&bench, "run bad.toml", &[("NO_COLOR", "1")])));
}

#[test]
fn a_dumb_terminal_gets_plain_lines() {
    let text = on_terminal(&bench(), "run s.toml -v", &[("TERM", "dumb")]);
    assert!(!text.contains('\u{1b}'), "{text:?}");
    assert!(text.contains("[1/1] metrics-buffer/published-fix/shuttle/random: found lost"), "{text:?}");
}

#[test]
fn quiet_is_quiet_here_too() {
    let text =
        on_terminal(&Bench::with(&scenario("t", "\"hardened\"", &[SHUTTLE])), "run s.toml -q", &[("NO_COLOR", "1")]);
    assert_eq!(text.lines().count(), 1, "{text:?}");
    assert!(text.starts_with("PASS"), "{text:?}");
}
