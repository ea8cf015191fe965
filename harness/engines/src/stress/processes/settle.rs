//! What the journals of a round say, put together.

use super::super::journal::Life;
use racehunt_core::history::account_lives;
use racehunt_core::id::Id;
use racehunt_core::ledger::Ledger;
use racehunt_core::observation::{Observation, Panic};
use std::ops::Range;

/// Serial numbers that one call may use at most and not tell of.
pub(super) const MARGIN: u64 = 1000;

/// Ids that a call may have used that was killed before it told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Untold {
    actor: u32,
    from: u64,
}

/// The calls that an actor has made in these lives. One that a kill cut off was made: else a call at which the process
/// kills itself would be made for ever. So was one of a life that was over before its first call, but for the first
/// life's: a round comes to its end however fast the kills follow each other.
pub(super) fn made(lives: &[Life]) -> u64 {
    let of = |(number, life): (usize, &Life)| {
        life.ended + u64::from(life.finished.is_none() && (number > 0 || life.started.is_some()))
    };
    lives.iter().enumerate().map(of).sum()
}

/// The lowest serial number that an actor may use after these lives.
pub(super) fn next_serial(lives: &[Life]) -> u64 {
    lives.iter().fold(0, |first, life| after(life, first))
}

/// The lowest serial number that an actor may use after a life whose lowest was `first`.
fn after(life: &Life, first: u64) -> u64 {
    let told = life.next_serial.max(first);
    // Who marks every id that it offers has told of all; the others may have used some of which nothing is known.
    if life.marks || life.started.is_none() { told } else { told + MARGIN }
}

/// Puts the lives of all actors together; `names` are the actors'.
pub(super) fn gather(lives: Vec<Vec<Life>>, names: &[String]) -> (Observation, Vec<Untold>) {
    let (mut o, mut untold) = (Observation::default(), Vec::new());
    // Each life for itself: a call made after a kill does not answer for one that the kill cut off.
    account_lives(lives.iter().flatten().map(|life| &life.events[..]), &mut o.ledger);
    for (actor, (lives, name)) in lives.into_iter().zip(names).enumerate() {
        let actor = actor as u32;
        let mut first = 0;
        for mut life in lives {
            o.history.append(&mut life.events);
            o.ledger.merge(&life.ledger);
            o.failures.append(&mut life.failures);
            o.violations.append(&mut life.violations);
            o.panics.extend(life.panic.take().map(|(message, site)| Panic { actor: name.clone(), message, site }));
            if life.finished.is_none() && life.started.is_some() && !life.marks {
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
pub(super) fn overlap(lives: &[Vec<Life>], posts: &[Range<usize>]) -> bool {
    let last = |life: &Life| life.finished.or_else(|| life.events.iter().map(|event| event.to).max());
    let span = |life: &Life| life.started.map(|from| (from, last(life).unwrap_or(from)));
    let of = |post: &Range<usize>| lives[post.clone()].iter().flatten().filter_map(span).collect::<Vec<_>>();
    let spans: Vec<(usize, (u64, u64))> =
        posts.iter().enumerate().flat_map(|(p, post)| of(post).into_iter().map(move |span| (p, span))).collect();
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
        let killed = || Life { started: Some(1), next_serial: 7, ended: 7, ..Life::default() };
        assert_eq!(next_serial(&[killed()]), 7 + MARGIN);
        let (_, untold) = gather(vec![vec![killed()], vec![]], &names());
        let [known, open, far] = [Id::new(0, 6), Id::new(0, 7), Id::new(0, 7 + MARGIN)];
        let mut ledger = Ledger { accepted: vec![known], retained: vec![known, open, far], ..Ledger::default() };
        forgive(&mut ledger, &untold);
        assert_eq!(ledger.uncertain, [open]);
        assert_eq!(ledger.settle().phantom, [far]);
        let finished = Life { finished: Some(9), ..killed() };
        assert!(gather(vec![vec![finished]], &names()).1.is_empty());
        // Killed before its start it has used none.
        let unstarted = || Life { started: None, ..killed() };
        assert!(gather(vec![vec![unstarted()]], &names()).1.is_empty());
        assert_eq!(next_serial(&[unstarted()]), 7);
    }

    #[test]
    fn what_one_life_tried_to_send_and_another_took_out_is_delivered_whoever_comes_first() {
        let replay = |removed: &[u64]| {
            let removed: Vec<Id> = removed.iter().copied().map(Id).collect();
            let what = What::Replay { attempted: vec![Id(1)], removed, total: 1, sent: 1, failed: 0 };
            Life { events: vec![event(what)], ..Life::default() }
        };
        let perhaps = |lives| gather(lives, &names()).0.ledger.perhaps_delivered;
        assert_eq!(perhaps(vec![vec![replay(&[1])], vec![replay(&[])]]), []);
        assert_eq!(perhaps(vec![vec![replay(&[]), replay(&[1])], vec![]]), []);
        assert_eq!(perhaps(vec![vec![replay(&[]), replay(&[])], vec![]]), [Id(1), Id(1)]);
    }

    #[test]
    fn calls_that_a_kill_cut_off_were_made_and_a_round_ends_whatever_is_killed() {
        let killed = |started| Life { started, ended: 2, ..Life::default() };
        assert_eq!(made(&[killed(Some(1))]), 3);
        let unstarted = || Life::default();
        assert_eq!((made(&[unstarted()]), made(&[unstarted(), unstarted(), unstarted()])), (0, 2));
        assert_eq!(made(&[Life { finished: Some(9), ..killed(Some(1)) }]), 2);
    }

    #[test]
    fn times_tell_who_ran_beside_whom() {
        let life = |from, to| vec![Life { started: Some(from), finished: Some(to), ..Life::default() }];
        assert!(overlap(&[life(1, 5), life(3, 9)], &[0..1, 1..2]));
        assert!(!overlap(&[life(1, 5), life(6, 9)], &[0..1, 1..2]));
        assert!(!overlap(&[life(1, 5), life(3, 9)], &[0..2, 2..2]), "both in one process");
        assert_eq!(skew(&[life(10, 50), life(13, 90)]), Some(3));
        assert_eq!(skew(&[life(10, 50), vec![]]), None);
    }
}
