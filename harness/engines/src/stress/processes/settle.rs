//! What the journals of a round say, put together.

use super::super::journal::Life;
use racehunt_core::history::account;
use racehunt_core::id::Id;
use racehunt_core::ledger::Ledger;
use racehunt_core::observation::{Observation, Panic};

/// Serial numbers that one call may use at most and not tell of.
pub(super) const MARGIN: u64 = 1000;

/// Ids that a call may have used that was killed before it told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Untold {
    actor: u32,
    from: u64,
}

/// The lowest serial number that an actor may use after these lives.
pub(super) fn next_serial(lives: &[Life]) -> u64 {
    lives.iter().fold(0, |first, life| after(life, first))
}

/// The lowest serial number that an actor may use after a life whose lowest was `first`.
fn after(life: &Life, first: u64) -> u64 {
    let told = life.next_serial.max(first);
    // Who marks every id that it offers has told of all; the others may have used some of which nothing is known.
    if life.marks { told } else { told + MARGIN }
}

/// Puts the lives of all actors together; `names` are the actors'.
pub(super) fn gather(lives: Vec<Vec<Life>>, names: &[String]) -> (Observation, Vec<Untold>) {
    let (mut o, mut untold) = (Observation::default(), Vec::new());
    for (actor, (lives, name)) in lives.into_iter().zip(names).enumerate() {
        let actor = actor as u32;
        let mut first = 0;
        for mut life in lives {
            // Each life for itself: a call made after a kill does not answer for one that the kill cut off.
            account(&life.events, &mut o.ledger);
            o.history.append(&mut life.events);
            o.ledger.merge(&life.ledger);
            o.failures.append(&mut life.failures);
            o.panics.extend(life.panic.take().map(|(message, site)| Panic { actor: name.clone(), message, site }));
            if life.finished.is_none() && !life.marks {
                untold.push(Untold { actor, from: life.next_serial.max(first) });
            }
            first = after(&life, first);
        }
    }
    (o, untold)
}

/// Ids that turned up at rest and that a killed call may have put there are uncertain, not phantoms.
pub(super) fn forgive(ledger: &mut Ledger, untold: &[Untold]) {
    let is_untold =
        |id: &Id| untold.iter().any(|u| id.actor() == u.actor && (u.from..u.from + MARGIN).contains(&id.serial()));
    let mut found: Vec<Id> = [&ledger.retained, &ledger.delivered, &ledger.evicted]
        .into_iter()
        .flatten()
        .copied()
        .filter(is_untold)
        .collect();
    found.sort_unstable();
    found.dedup();
    found.retain(|id| !ledger.accepted.contains(id) && !ledger.uncertain.contains(id) && !ledger.rejected.contains(id));
    ledger.uncertain.append(&mut found);
}

/// True if actors of two processes ran at the same time, as far as their journals tell.
pub(super) fn overlap(lives: &[Vec<Life>], threads: usize) -> bool {
    let last = |life: &Life| life.finished.or_else(|| life.events.iter().map(|event| event.to).max());
    let span = |life: &Life| life.started.map(|from| (from, last(life).unwrap_or(from)));
    let spans: Vec<(usize, (u64, u64))> = lives
        .iter()
        .enumerate()
        .flat_map(|(actor, lives)| lives.iter().filter_map(span).map(move |span| (actor / threads, span)))
        .collect();
    spans.iter().any(|(p, a)| spans.iter().any(|(q, b)| p != q && a.0 <= b.1 && b.0 <= a.1))
}

/// Nanoseconds between the first and the last actor's start, where all have started.
pub(super) fn skew(lives: &[Vec<Life>]) -> Option<u64> {
    let starts: Option<Vec<u64>> = lives.iter().map(|lives| lives.first()?.started).collect();
    let starts = starts?;
    Some(starts.iter().max()? - starts.iter().min()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use racehunt_core::history::{Answer, Event, What};

    fn event(what: What) -> Event {
        Event { actor: 0, from: 0, to: 0, what }
    }

    fn names() -> Vec<String> {
        vec!["A".to_owned(), "B".to_owned()]
    }

    #[test]
    fn an_offer_that_a_kill_cut_off_stays_uncertain_whatever_the_next_life_does() {
        let killed = Life { events: vec![event(What::Offer(Id::new(0, 4)))], marks: true, ..Life::default() };
        let put = What::Put { id: Id::new(0, 5), answer: Answer::Yes, evicted: Vec::new() };
        let next = Life { events: vec![event(put)], finished: Some(1), ..Life::default() };
        let (o, untold) = gather(vec![vec![killed, next]], &names());
        assert_eq!((o.ledger.uncertain, o.ledger.accepted), (vec![Id::new(0, 4)], vec![Id::new(0, 5)]));
        assert_eq!((o.history.len(), untold.len()), (2, 0));
    }

    #[test]
    fn what_a_killed_call_may_have_put_in_is_no_phantom_and_all_else_is() {
        let killed = || Life { next_serial: 7, ended: 7, ..Life::default() };
        assert_eq!(next_serial(&[killed()]), 7 + MARGIN);
        let (_, untold) = gather(vec![vec![killed()], vec![]], &names());
        let [known, open, far] = [Id::new(0, 6), Id::new(0, 7), Id::new(0, 7 + MARGIN)];
        let mut ledger = Ledger { accepted: vec![known], retained: vec![known, open, far], ..Ledger::default() };
        forgive(&mut ledger, &untold);
        assert_eq!(ledger.uncertain, [open]);
        assert_eq!(ledger.settle().phantom, [far]);
        let finished = Life { finished: Some(9), ..killed() };
        assert!(gather(vec![vec![finished]], &names()).1.is_empty());
    }

    #[test]
    fn times_tell_who_ran_beside_whom() {
        let life = |from, to| vec![Life { started: Some(from), finished: Some(to), ..Life::default() }];
        assert!(overlap(&[life(1, 5), life(3, 9)], 1));
        assert!(!overlap(&[life(1, 5), life(6, 9)], 1));
        assert!(!overlap(&[life(1, 5), life(3, 9)], 2), "both in one process");
        assert_eq!(skew(&[life(10, 50), life(13, 90)]), Some(3));
        assert_eq!(skew(&[life(10, 50), vec![]]), None);
    }
}
