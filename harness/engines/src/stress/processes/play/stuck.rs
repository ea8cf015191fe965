//! A member that hangs: it is asked what its actors wait for, and then killed.

use super::super::troop::State;
use super::Play;
use crate::stress::graph;
use crate::stress::watch::PATIENCE;
use racehunt_core::finding::FindingKind;
use racehunt_core::observation::Violation;
use racehunt_core::protocol::{ToWorker, Waits};
use std::time::{Duration, Instant};

/// How long a process may take from its start to its answer. That is no work of the subject's.
const START: Duration = Duration::from_secs(10);
/// How long a member may take to say what its actors wait for.
const ANSWER: Duration = Duration::from_secs(1);

/// A member that hangs and was asked.
pub(super) struct Asked {
    process: usize,
    stall: Violation,
    since: Instant,
}

impl Play<'_> {
    /// Looks for those who hang.
    pub(super) fn look_for_stuck(&mut self, now: Instant) {
        if let Some(asked) = &self.asked {
            if now - asked.since > ANSWER {
                self.unexplained();
            }
            return;
        }
        let (clock, mut stuck, mut late) = (self.clock(now), None, None);
        for (process, post) in self.posts.iter_mut().enumerate() {
            let silence = clock.saturating_duration_since(post.since);
            let found = match self.troop.state(process) {
                State::Starting => {
                    late = (silence > START).then_some(process).or(late);
                    None
                }
                State::Opening | State::Playing => {
                    let patience = (self.stage.stall * PATIENCE).max(START / 2);
                    let seen = post.watch.look_at(post.words.iter().copied(), self.stage.ops, clock);
                    seen.or_else(|| (silence > patience).then(|| quiet(process, "a sign of life", silence)))
                }
                _ => None,
            };
            stuck = found.map(|stall| (process, stall)).or(stuck);
        }
        if let Some((process, stall)) = stuck {
            // Who is stopped does not answer.
            self.chaos.resume(self.troop);
            self.troop.send(process, &ToWorker::Look);
            self.asked = Some(Asked { process, stall, since: now });
        } else if let Some(process) = late {
            self.give_up(process, &format!("it did not answer within {} s of its start", START.as_secs()));
        }
    }

    /// A member has said what its actors wait for.
    pub(super) fn explained(&mut self, process: usize, found: &Waits) {
        let Some(asked) = self.asked.take_if(|asked| asked.process == process) else { return };
        let mut stall = graph::explain(asked.stall, found);
        stall.message = format!("process {process}: {}", stall.message);
        self.played.stall = Some(stall);
        self.troop.kill(process);
        self.hurry(Instant::now());
    }

    /// A member was asked and will not say anything.
    pub(super) fn unexplained(&mut self) {
        if let Some(process) = self.asked.as_ref().map(|asked| asked.process) {
            self.explained(process, &Waits::default());
        }
    }
}

fn quiet(process: usize, what: &str, silence: Duration) -> Violation {
    Violation {
        kind: FindingKind::Stall,
        detail: format!("process without {what}"),
        message: format!("{what} of process {process} did not come for {:.1} s", silence.as_secs_f64()),
        ids: Vec::new(),
    }
}
