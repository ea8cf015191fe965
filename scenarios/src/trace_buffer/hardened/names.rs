//! The names in the directory, and what they say.
//!
//! | name | what it is |
//! |---|---|
//! | `trace_{sequence}_{pid}_{uuid}.json` | a trace |
//! | `trace_….json.claim-{until}-{token}` | a trace that a replay sends, until that millisecond |
//! | `trace_….json.quarantined` | a file that does not parse; never touched again, and not counted |
//! | `.aside-trace_…` | a trace on its way out, until the one that takes its place is in |
//! | `.done-trace_…` | a trace that was delivered or given up and could not be unlinked |
//! | `.tmp-{millisecond}-{pid}-{uuid}` | a trace on its way in |
//! | `.lock` | what everybody locks; inside is the name of the marker |
//! | `.at-{state}`, `.busy-{state}` | the marker: at rest, or in the middle of a change |

use std::fmt;

pub(super) const LOCK: &str = ".lock";
const ASIDE: &str = ".aside-";
const DONE: &str = ".done-";
const TEMP: &str = ".tmp-";
const AT: &str = ".at-";
const BUSY: &str = ".busy-";
const CLAIM: &str = ".claim-";

/// Larger numbers are nobody's sequence: the files of the other variants carry milliseconds.
const MOST: u64 = 10_u64.pow(15);

/// What the lock file and the marker's name say about the directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct State {
    /// The next number of the sequence.
    pub(super) next: u64,
    /// Files that count towards the cap.
    pub(super) count: u64,
    /// Changes whenever an old trace comes back: nobody else's list of what is oldest holds any more.
    pub(super) epoch: u64,
}

impl State {
    /// Length of a state in bytes.
    pub(super) const LEN: usize = 50;

    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.splitn(3, '.').map(|number| number.parse().ok());
        let (next, count, epoch) = (numbers.next()??, numbers.next()??, numbers.next()??);
        Some(Self { next, count, epoch })
    }

    pub(super) fn at(self) -> String {
        format!("{AT}{self}")
    }

    pub(super) fn busy(self) -> String {
        format!("{BUSY}{self}")
    }

    /// After an old trace has come back.
    pub(super) fn disturbed(self) -> Self {
        Self { next: self.next + 1, epoch: self.next, ..self }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016}.{:016}.{:016}", self.next, self.count, self.epoch)
    }
}

/// A file that counts towards the cap.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Trace {
    /// Its place in the order.
    pub(super) sequence: u64,
    /// What the name begins with, whoever has claimed it; the idempotency key.
    pub(super) stem: String,
    /// The name.
    pub(super) name: String,
    /// If it is claimed, the millisecond until which.
    pub(super) until: Option<u64>,
}

impl Trace {
    pub(super) fn parse(name: &str) -> Option<Self> {
        let (stem, rest) = name.split_once(".json")?;
        let until = match rest.strip_prefix(CLAIM) {
            Some(claim) => Some(claim.split_once('-')?.0.parse().ok()?),
            None if rest.is_empty() => None,
            None => return None,
        };
        let number = stem.strip_prefix("trace_")?.split('_').next()?.parse().ok();
        let sequence = number.filter(|n| *n < MOST).unwrap_or(0);
        Some(Self { sequence, stem: stem.to_owned(), name: name.to_owned(), until })
    }

    /// Nobody sends it, or whoever did took too long.
    pub(super) fn is_free(&self, now_ms: u64) -> bool {
        self.until.is_none_or(|until| until <= now_ms)
    }

    pub(super) fn new_name(sequence: u64, pid: u32, uuid: u128) -> String {
        format!("trace_{sequence:016}_{pid}_{uuid:032x}.json")
    }

    pub(super) fn unclaimed(&self) -> String {
        format!("{}.json", self.stem)
    }

    pub(super) fn claimed(&self, until: u64, token: u128) -> Self {
        let name = format!("{}.json{CLAIM}{until}-{token:032x}", self.stem);
        Self { name, until: Some(until), ..self.clone() }
    }

    pub(super) fn quarantined(&self) -> String {
        format!("{}.json.quarantined", self.stem)
    }

    pub(super) fn aside(&self) -> String {
        format!("{ASIDE}{}", self.name)
    }

    pub(super) fn done(&self) -> String {
        format!("{DONE}{}", self.name)
    }
}

pub(super) fn temp(ms: u64, pid: u32, uuid: u128, again: u32) -> String {
    format!("{TEMP}{ms}-{pid}-{uuid:032x}-{again}")
}

/// What lies in the directory.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// Oldest first.
    pub(super) traces: Vec<Trace>,
    /// Set aside by a change that did not come to its end; oldest first.
    pub(super) aside: Vec<Trace>,
    /// Names of markers, with their states.
    pub(super) markers: Vec<(String, State)>,
    /// Temporary files and when they were made.
    pub(super) temps: Vec<(String, u64)>,
    /// Delivered or given up, and not removed.
    pub(super) done: Vec<String>,
}

impl Listing {
    pub(super) fn add(&mut self, name: &str) {
        if let Some(aside) = name.strip_prefix(ASIDE) {
            self.aside.extend(Trace::parse(aside));
        } else if let Some(made) = name.strip_prefix(TEMP) {
            let ms = made.split('-').next().and_then(|ms| ms.parse().ok());
            self.temps.extend(ms.map(|ms| (name.to_owned(), ms)));
        } else if let Some(state) = name.strip_prefix(AT).or_else(|| name.strip_prefix(BUSY)) {
            self.markers.extend(State::parse(state).map(|state| (name.to_owned(), state)));
        } else if name.starts_with(DONE) {
            self.done.push(name.to_owned());
        } else {
            self.traces.extend(Trace::parse(name));
        }
    }

    pub(super) fn sort(&mut self) {
        self.traces.sort_unstable();
        self.aside.sort_unstable();
    }

    /// A change did not come to its end.
    pub(super) fn is_torn(&self) -> bool {
        !self.aside.is_empty() || self.markers.iter().any(|(name, _)| name.starts_with(BUSY))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_they_were_made_of() {
        let plain = Trace::parse(&Trace::new_name(7, 42, 0xabc)).unwrap();
        assert_eq!((plain.sequence, plain.until, plain.name.as_str()), (7, None, plain.unclaimed().as_str()));
        assert!(plain.is_free(0));
        let claimed = plain.claimed(1_000, 3);
        assert_eq!(Trace::parse(&claimed.name), Some(claimed.clone()));
        assert_eq!((claimed.is_free(999), claimed.is_free(1_000)), (false, true));
        assert_eq!(claimed.unclaimed(), plain.name);
        for other in [plain.quarantined(), plain.aside(), temp(1, 2, 3, 0), "trace_1.json.claim-x-1".to_owned()] {
            assert_eq!(Trace::parse(&other), None, "{other}");
        }
    }

    #[test]
    fn the_files_of_the_other_variants_are_older_than_all_that_comes() {
        let foreign = Trace::parse("trace_1700000000000_42_0123abcd.json").unwrap();
        assert_eq!(foreign.sequence, 1_700_000_000_000);
        assert_eq!(Trace::parse("trace_99999999999999999999_1.json").unwrap().sequence, 0);
    }

    #[test]
    fn states_are_of_one_length_and_come_back() {
        let state = State { next: 12, count: 3, epoch: 4 };
        assert_eq!(state.to_string().len(), State::LEN);
        assert_eq!(State::parse(&state.to_string()), Some(state));
        assert_eq!(State::parse("12.3"), None);
        let mut listing = Listing::default();
        listing.add(&state.at());
        assert!(!listing.is_torn());
        listing.add(&state.busy());
        assert!(listing.is_torn());
        assert!(listing.markers.iter().all(|(_, s)| *s == state));
    }
}
