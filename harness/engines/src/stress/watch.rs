//! Signs of life: what each actor is doing, and whether anything ended lately.
//!
//! An actor writes one word of its own before and after each op; only the watcher reads a clock. So "since when"
//! is as exact as the watcher's ticks, and an op pays two plain stores.

use super::gate::Padded;
use racehunt_core::finding::FindingKind;
use racehunt_core::observation::Violation;
use racehunt_core::subject::OpKind;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const DOING_BITS: u32 = 16;
const DOING: u64 = (1 << DOING_BITS) - 1;
/// Opening an instance, or dropping one.
pub(super) const OPENING: usize = DOING as usize - 1;
/// In the subject's own drain at the end.
pub(super) const RESTING: usize = DOING as usize - 2;
/// Opening and drain are no ops and may rightly take longer: limits count this many times for them.
pub(super) const PATIENCE: u32 = 5;

/// What one actor does now (0: nothing; else its number plus one) below the count of ops it ended.
#[derive(Debug, Default)]
pub(super) struct Beat(Padded<AtomicU64>);

impl Beat {
    /// Before an op (or one of the phases). For the actor's own thread only.
    #[inline]
    pub(super) fn begin(&self, doing: usize) {
        let word = self.0.0.load(Ordering::Relaxed);
        self.0.0.store((word & !DOING) | (doing as u64 + 1), Ordering::Relaxed);
    }

    /// After an op.
    #[inline]
    pub(super) fn end(&self) {
        let word = self.0.0.load(Ordering::Relaxed);
        self.0.0.store((word & !DOING) + (1 << DOING_BITS), Ordering::Relaxed);
    }

    /// After a phase, which is no op and so is not counted.
    #[inline]
    pub(super) fn end_phase(&self) {
        let word = self.0.0.load(Ordering::Relaxed);
        self.0.0.store(word & !DOING, Ordering::Relaxed);
    }

    /// True between two ops, and after the last one.
    pub(super) fn is_idle(&self) -> bool {
        self.word() & DOING == 0
    }

    /// Ops ended so far.
    pub(super) fn ops(&self) -> u64 {
        ops_of(self.word())
    }

    /// The whole word, as a watcher in another process needs it.
    pub(super) fn word(&self) -> u64 {
        self.0.0.load(Ordering::Relaxed)
    }
}

/// Ops ended so far, by a beat's word.
pub(super) fn ops_of(word: u64) -> u64 {
    word >> DOING_BITS
}

/// The word of an actor that is in the opening of an instance and ended nothing yet.
pub(super) const OPENS: u64 = OPENING as u64 + 1;

/// Looks at the beats now and then.
pub(super) struct Watch {
    limit: Duration,
    first: usize,
    seen: Vec<(u64, Instant)>,
}

impl Watch {
    /// A watch over `actors` that calls it a stall when nothing ends for longer than `limit`.
    pub(super) fn new(actors: usize, limit: Duration) -> Self {
        Self::from(0, actors, limit, Instant::now())
    }

    /// The same over the actors from number `first` on, with a clock of the caller's.
    pub(super) fn from(first: usize, actors: usize, limit: Duration, now: Instant) -> Self {
        Self { limit, first, seen: vec![(0, now); actors] }
    }

    /// A stall, if there is one. Actors that wait between ops stall nothing by themselves.
    pub(super) fn look(&mut self, beats: &[Beat], ops: &[OpKind], now: Instant) -> Option<Violation> {
        self.look_at(beats.iter().map(Beat::word), ops, now)
    }

    /// The same, given the beats' words.
    pub(super) fn look_at(
        &mut self,
        words: impl Iterator<Item = u64>,
        ops: &[OpKind],
        now: Instant,
    ) -> Option<Violation> {
        for (seen, word) in self.seen.iter_mut().zip(words) {
            if word != seen.0 {
                *seen = (word, now);
            }
        }
        let quiet = self.seen.iter().map(|(_, since)| now.duration_since(*since)).min()?;
        let busy = || self.seen.iter().map(|(word, _)| word & DOING).filter(|doing| *doing > 0);
        let in_op = busy().any(|doing| doing as usize <= RESTING);
        let limit = if in_op { self.limit } else { self.limit * PATIENCE };
        (quiet > limit && busy().next().is_some()).then(|| self.violation(ops, now, quiet))
    }

    fn violation(&self, ops: &[OpKind], now: Instant, quiet: Duration) -> Violation {
        let (mut names, mut parts) = (Vec::new(), Vec::new());
        for (actor, (word, since)) in (self.first..).zip(&self.seen) {
            let doing = (word & DOING) as usize;
            let what = match doing.checked_sub(1) {
                None => {
                    parts.push(format!("actor {actor} between ops"));
                    continue;
                }
                Some(OPENING) => "the opening of an instance, or its drop",
                Some(RESTING) => "the drain at rest",
                Some(op) => ops.get(op).map_or("an op", |o| o.name),
            };
            names.push(what);
            parts.push(format!("actor {actor} in {what} for {:.1} s", now.duration_since(*since).as_secs_f64()));
        }
        names.sort_unstable();
        names.dedup();
        Violation {
            kind: FindingKind::Stall,
            detail: names.join(" + "),
            message: format!("no op ended for {:.1} s: {}", quiet.as_secs_f64(), parts.join(", ")),
            ids: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPS: [OpKind; 2] = [OpKind { name: "put", about: "" }, OpKind { name: "get", about: "" }];
    const LIMIT: Duration = Duration::from_secs(2);

    fn beats() -> Vec<Beat> {
        vec![Beat::default(), Beat::default()]
    }

    #[test]
    fn a_stall_names_who_is_where() {
        let (beats, start) = (beats(), Instant::now());
        let mut watch = Watch::new(2, LIMIT);
        beats[0].begin(1);
        assert_eq!(watch.look(&beats, &OPS, start), None);
        let v = watch.look(&beats, &OPS, start + LIMIT * 2).unwrap();
        assert_eq!((v.kind, v.detail.as_str()), (FindingKind::Stall, "get"));
        assert!(v.message.contains("actor 0 in get for 4.0 s, actor 1 between ops"), "{}", v.message);
    }

    #[test]
    fn waiting_between_ops_or_one_that_goes_on_is_no_stall() {
        let (beats, start) = (beats(), Instant::now());
        let mut watch = Watch::new(2, LIMIT);
        assert_eq!(watch.look(&beats, &OPS, start + LIMIT * 2), None);
        beats[0].begin(0);
        for i in 0..9 {
            beats[1].begin(0);
            beats[1].end();
            assert_eq!(watch.look(&beats, &OPS, start + LIMIT * i), None);
        }
        assert_eq!(beats[1].ops(), 9);
    }

    #[test]
    fn a_drain_has_more_patience() {
        let (beats, start) = (beats(), Instant::now());
        let mut watch = Watch::new(2, LIMIT);
        beats[0].begin(RESTING);
        watch.look(&beats, &OPS, start);
        assert_eq!(watch.look(&beats, &OPS, start + LIMIT * 2), None);
        assert!(watch.look(&beats, &OPS, start + LIMIT * 6).is_some());
    }
}
