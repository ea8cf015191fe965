//! `racehunt replay` on the token of a finding.

use crate::support::{Bench, LOOM, SHUTTLE, scenario};
use racehunt_core::token::{How, Token};
use racehunt_reports::distinct::distinct;

/// A bench after a run with one finding, and the finding's token.
fn hunted(engine: &str) -> (Bench, Token) {
    let bench = Bench::with(&scenario("t", "\"published-fix\"", &[engine]));
    let summary = bench.run("run s.toml").ended(1).stdout;
    let report = bench.report();
    let text = distinct(&report)[0].best.finding.repro.token().expect("a token").to_owned();
    assert!(summary.contains(&format!("    racehunt replay {text}\n")), "the command of {text} in\n{summary}");
    (bench, text.parse().expect("as written"))
}

#[test]
fn a_token_is_enough_to_see_the_finding_again() {
    for (engine, id) in [(SHUTTLE, "shuttle/random"), (LOOM, "loom")] {
        let (bench, token) = hunted(engine);
        let report = bench.report();
        let elsewhere = Bench::new();
        let ran = elsewhere.run(&format!("replay {token}")).ended(0);
        let ran = ran.says(&format!("lost in metrics-buffer/published-fix/{id}\n"));
        let ran = ran.says(" steps as the token has them, lost again\n");
        for step in &distinct(&report)[0].best.finding.interleaving.as_ref().expect("steps").steps {
            assert!(ran.stdout.contains(&step.label), "no {:?} in\n{}", step.label, ran.stdout);
        }
    }
}

#[test]
fn what_the_code_does_instead_is_told_with_its_step() {
    for engine in [SHUTTLE, LOOM] {
        let (bench, token) = hunted(engine);
        let other = Token { variant: "hardened".into(), ..token };
        let ran = bench.run(&format!("replay {other}")).ended(1);
        let ran = ran.says("DIVERGED: the token does not match the code any more: step ");
        let ran = ran.says("in the token: ").says("now:          ");
        assert_eq!(ran.stdout.contains("loom numbers its executions"), engine == LOOM, "{}", ran.stdout);
    }
    let (bench, mut token) = hunted(SHUTTLE);
    if let How::Schedule { picks, .. } = &mut token.how {
        picks.0.clear();
    }
    bench.run(&format!("replay {token}")).ended(1).says("DIVERGED: ");
    token.trail = None;
    bench.run(&format!("replay {token}")).ended(1).says("the schedule ends after 0 choices");
}

#[test]
fn a_token_without_steps_still_replays_and_one_of_another_failure_does_not() {
    let (bench, token) = hunted(SHUTTLE);
    let bare = Token { trail: None, ..token.clone() };
    bench.run(&format!("replay {bare}")).ended(0).says("of which the token tells nothing, lost again");
    let other = Token { fingerprint: "0123456789abcdef".into(), ..token };
    bench.run(&format!("replay {other}")).ended(1).says("with the fingerprint 0123456789abcdef it showed lost");
}

#[test]
fn what_is_no_token_of_this_program_is_refused() {
    let (bench, token) = hunted(SHUTTLE);
    let text = token.to_string();
    bench.run(&format!("replay {}", &text[..text.len() - 1])).ended(2).complains("the replay token is mangled");
    bench.run("replay rh9:AAAA").ended(2).complains("version 9; this build reads version 1");
    bench.run(&format!("replay {text} --finding 1")).ended(2).complains("a token is of one finding");
    let other = Token { subject: "nobody".into(), ..token.clone() };
    bench.run(&format!("replay {other}")).ended(2).complains("this program has no subject called nobody");
    let closure = Token { subject: "my_test".into(), program: Vec::new(), ..token };
    let ran = bench.run(&format!("replay {closure}")).ended(2).complains("this token is of the hunt my_test");
    ran.complains(&format!("RACEHUNT_REPLAY='{closure}' cargo test"));
}
