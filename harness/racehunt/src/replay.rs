//! `racehunt replay`: runs findings of a report, or the one of a token, again, step by step, each in a process of its own.

use crate::{Failure, args, output};
use nix::sys::signal::Signal;
use racehunt_core::exact::Exact;
use racehunt_core::finding::{Finding, Repro};
use racehunt_core::interleaving::Interleaving;
use racehunt_core::outcome::TrialOutcome;
use racehunt_core::plan::{Seeds, Trial};
use racehunt_core::token::{Token, TokenError};
use racehunt_engines::registry::{Subjects, find};
use racehunt_engines::replay::{Replayed, check, check_token};
use racehunt_reports::distinct::{Sighting, distinct};
use racehunt_reports::render::interleaving;
use racehunt_reports::words::clean;
use racehunt_reports::{Report, exit};
use serde::{Deserialize, Serialize};
use std::io::{Read, Write};
use std::process::{Command, Stdio};

/// What the replaying process is asked.
#[derive(Serialize, Deserialize)]
enum Question {
    /// A finding of a report, with its trial.
    Finding(Box<(Trial, Finding)>),
    /// A token.
    Token(String),
}

/// What it answers.
#[derive(Serialize, Deserialize)]
enum Answer {
    /// The same steps and the same failure, in its own words.
    Same(Box<Interleaving>, String),
    /// Anything else, in words.
    Differs(String),
}

/// One recording to replay.
struct Chosen<'a> {
    number: usize,
    /// File of the scenario.
    file: &'a str,
    sighting: Sighting<'a>,
    /// Print its interleaving: the one of each finding that is easiest to read.
    show: bool,
}

/// What came of one recording.
enum Came {
    Same,
    Differs,
    /// Real threads: there is nothing to replay.
    NoSchedule,
}

/// Replays what was asked for.
pub(crate) fn replay(args: &args::Replay, subjects: Subjects<'_>) -> Result<u8, Failure> {
    match args.what.to_str().filter(|text| Token::is_meant(text)) {
        Some(_) if args.finding.is_some() => {
            Err(Failure::Usage("error: --finding: a token is of one finding, and a report of several".to_owned()))
        }
        Some(text) => replay_token(text, subjects),
        None => replay_report(args, subjects),
    }
}

/// Replays the finding of a token; 1 if it did not replay.
fn replay_token(text: &str, subjects: Subjects<'_>) -> Result<u8, Failure> {
    let token: Token = text.parse().map_err(|e| Failure::Usage(format!("error: {e}")))?;
    if token.is_closure() {
        return Err(Failure::Usage(format!(
            "error: this token is of the hunt {}, which is a test; the test replays it:\n{}='{token}' cargo test",
            clean(&token.subject),
            crate::hunt::REPLAY,
        )));
    }
    has_subject(subjects, &token.subject)?;
    output::print(&format!("{} in {}\n", token.kind, clean(&token.trial().id)))?;
    Ok(match ask(&Question::Token(text.to_owned()))? {
        Answer::Same(steps, message) => {
            let told = if token.trail.is_some() { "as the token has them" } else { "of which the token tells nothing" };
            let many = steps.steps.len();
            output::print(&format!("  {}\n  replayed: {many} steps {told}, {} again\n", clean(&message), token.kind))?;
            table(&steps)?;
            exit::AS_EXPECTED
        }
        Answer::Differs(why) => {
            diverged(&why)?;
            exit::FAILED
        }
    })
}

fn table(steps: &Interleaving) -> Result<(), Failure> {
    let layout = output::layout(true, None);
    output::print(&interleaving(steps, layout.width, layout.style))
}

fn diverged(why: &str) -> Result<(), Failure> {
    let why: Vec<String> = why.lines().map(clean).collect();
    output::print(&format!("  DIVERGED: {}\n\n", why.join("\n  ")))
}

fn has_subject(subjects: Subjects<'_>, name: &str) -> Result<(), Failure> {
    match find(subjects, name) {
        Some(_) => Ok(()),
        None => Err(Failure::Usage(format!("error: this program has no subject called {}", clean(name)))),
    }
}

/// Replays the chosen findings; 1 if one of them did not replay, 3 if there was none that could.
fn replay_report(args: &args::Replay, subjects: Subjects<'_>) -> Result<u8, Failure> {
    let report = output::read(&args.what)?;
    let chosen = choose(&report, args.finding.as_deref())?;
    for Chosen { sighting: Sighting { trial, finding }, .. } in &chosen {
        if question(trial, finding).is_some() {
            has_subject(subjects, &trial.trial.subject)?;
        }
    }
    let (mut same, mut differing) = (0, 0);
    for one in &chosen {
        match again(one, report.all_seeds())? {
            Came::Same => same += 1,
            Came::Differs => differing += 1,
            Came::NoSchedule => {}
        }
    }
    output::print(&match (chosen.len(), same + differing) {
        (0, _) => "the report has no finding: there is nothing to replay\n".to_owned(),
        (_, 0) => "none of the findings has a schedule: nothing was replayed\n".to_owned(),
        (_, replayed) => format!("{same} of {replayed} replayed exactly\n"),
    })?;
    Ok(match (same, differing) {
        (0, 0) => exit::UNKNOWN,
        (_, 0) => exit::AS_EXPECTED,
        _ => exit::FAILED,
    })
}

/// What can be replayed of a sighting: itself, or what a search found after real threads did.
fn question<'a>(trial: &'a TrialOutcome, finding: &'a Finding) -> Option<(&'a Trial, &'a Finding)> {
    if !matches!(finding.repro, Repro::Statistical { .. }) {
        return Some((&trial.trial, finding));
    }
    finding.exact.as_ref()?.companion()
}

/// Replays one recording and tells about it.
fn again(one: &Chosen<'_>, seeds: Seeds) -> Result<Came, Failure> {
    let Sighting { trial, finding } = one.sighting;
    let (number, kind, id) = (one.number, finding.kind, clean(&trial.trial.id));
    output::print(&format!("finding {number}: {kind} in {id}\n  {}\n", clean(&finding.message)))?;
    if let Repro::Statistical { seen, executions, .. } = finding.repro {
        let what = match &finding.exact {
            Some(Exact::Found { search, .. }) => {
                format!(
                    "  seen in {seen} of {executions} executions on real threads; as {} found it:\n",
                    clean(&search.id)
                )
            }
            Some(Exact::Linked { trial }) => format!(
                "  seen in {seen} of {executions} executions on real threads; {} has it with an exact replay\n\n",
                clean(trial)
            ),
            Some(Exact::NotFound { .. } | Exact::NotSearched { .. }) | None => format!(
                "  real threads have no exact replay; it was seen in {seen} of {executions} executions. To see it again:\n  \
                 racehunt run {} --seed {}\n\n",
                clean(one.file),
                seeds.of(&trial.trial.id)
            ),
        };
        output::print(&what)?;
    }
    let Some((trial, finding)) = question(trial, finding) else { return Ok(Came::NoSchedule) };
    match ask(&Question::Finding(Box::new((trial.clone(), finding.clone()))))? {
        Answer::Same(steps, _) => {
            let many = steps.steps.len();
            output::print(&match finding.interleaving {
                Some(_) => format!("  replayed: {many} steps as recorded, {kind} again\n"),
                // The run was stopped before it recorded them.
                None => format!("  replayed: {kind} again; the report has no steps to hold the {many} steps against\n"),
            })?;
            if one.show {
                table(&steps)?;
            }
            output::print("\n")?;
            Ok(Came::Same)
        }
        Answer::Differs(why) => {
            diverged(&why)?;
            Ok(Came::Differs)
        }
    }
}

/// The recordings to replay: of the finding asked for, or of all. Numbered as the summary numbers them.
fn choose<'a>(report: &'a Report, which: Option<&str>) -> Result<Vec<Chosen<'a>>, Failure> {
    let all = distinct(report);
    let of = all.len();
    let asked = |number: usize, fingerprint: &str| which.is_none_or(|w| w == fingerprint || w == number.to_string());
    let mut chosen = Vec::new();
    for one in all.into_iter().filter(|d| asked(d.number, &d.best.finding.fingerprint)) {
        let best = one.best.trial.trial.id.clone();
        let recordings = one.seen.into_iter().map(|sighting| Chosen {
            number: one.number,
            file: &one.scenario.file,
            show: sighting.trial.trial.id == best,
            sighting,
        });
        chosen.extend(recordings);
    }
    match which {
        Some(which) if chosen.is_empty() => {
            let has = match of {
                0 => "no finding".to_owned(),
                1 => "finding 1 only".to_owned(),
                _ => format!("findings 1 to {of}"),
            };
            Err(Failure::Usage(format!("error: --finding {which}: the report has {has}")))
        }
        _ => Ok(chosen),
    }
}

/// Asks a process of our own: an overflow of a modelled stack, or the engines' own noise, stay with it.
fn ask(question: &Question) -> Result<Answer, Failure> {
    let program = std::env::current_exe().map_err(Failure::harness("racehunt"))?;
    let fail = || Failure::harness("replay worker");
    let mut child = Command::new(program)
        .arg("replay-worker")
        .env_remove("RUST_BACKTRACE")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(fail())?;
    let text = serde_json::to_vec(question).map_err(|e| fail()(e.into()))?;
    let sent = child.stdin.take().map(|mut pipe| pipe.write_all(&text));
    let out = child.wait_with_output().map_err(fail())?;
    match (serde_json::from_slice(&out.stdout), sent.transpose()) {
        (Ok(answer), _) => Ok(answer),
        (Err(_), Err(e)) if out.status.success() => Err(fail()(e)),
        (Err(_), _) => Ok(Answer::Differs(format!("the replaying process ended with {}", out.status))),
    }
}

/// The replaying process.
pub(crate) fn work(subjects: Subjects<'_>) -> Result<u8, Failure> {
    // Nobody reads the answer once the asking process is gone, and a replay may take long.
    nix::sys::prctl::set_pdeathsig(Signal::SIGKILL).map_err(|e| Failure::harness("replay worker")(e.into()))?;
    let mut text = Vec::new();
    std::io::stdin().read_to_end(&mut text).map_err(Failure::harness("stdin"))?;
    let question = serde_json::from_slice(&text).map_err(|e| Failure::Usage(format!("error: stdin: {e}")))?;
    let answer = answer(question, subjects).unwrap_or_else(Answer::Differs);
    let text = serde_json::to_string(&answer).map_err(|e| Failure::harness("stdout")(e.into()))?;
    output::print(&text)?;
    Ok(exit::AS_EXPECTED)
}

fn answer(question: Question, subjects: Subjects<'_>) -> Result<Answer, String> {
    let subject = |name: &str| find(subjects, name).ok_or_else(|| format!("no subject is called {name}"));
    match question {
        Question::Finding(asked) => {
            let (trial, finding) = *asked;
            let steps = check(&trial, subject(&trial.subject)?, &finding).map_err(|e| e.to_string())?;
            Ok(Answer::Same(Box::new(steps), finding.message))
        }
        Question::Token(text) => {
            let token: Token = text.parse().map_err(|e: TokenError| e.to_string())?;
            let Replayed { interleaving, violation } =
                check_token(&token, subject(&token.subject)?).map_err(|e| e.to_string())?;
            Ok(Answer::Same(Box::new(interleaving), violation.message))
        }
    }
}
