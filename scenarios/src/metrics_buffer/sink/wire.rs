//! One line of `StatsD` with `DogStatsD` tags, read strictly: `mb.counter0:3|c|#run:1,datagram:7,ids:0.1.10000000000`.
//!
//! Ids are hexadecimal and parted by points. What does not read as exactly this is malformed, and said so: a metrics
//! pipeline that guesses hides the bugs of whoever feeds it.

use crate::metrics_buffer::Family;
use racehunt_core::id::Id;

/// What every metric's name begins with, without its point.
pub(super) const PREFIX: &str = "mb";
/// Tag: number of the execution at the receiver.
pub(super) const RUN: &str = "run";
/// Tag: number of the datagram in its execution.
pub(super) const DATAGRAM: &str = "datagram";
/// Tag: the ids in the total.
pub(super) const IDS: &str = "ids";

/// An id takes 17 bytes at most, all else together less than 200: a datagram stays below 1,400 bytes, which no
/// link cuts in two.
pub(super) const IDS_A_DATAGRAM: usize = 64;

/// What one line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) family: Family,
    pub(super) metric: String,
    pub(super) run: u64,
    pub(super) datagram: u64,
    pub(super) ids: Vec<Id>,
}

pub(super) fn format_ids(ids: &[Id]) -> String {
    ids.iter().map(|id| format!("{:x}", id.0)).collect::<Vec<_>>().join(".")
}

/// Reads one line; the error says what is wrong with it.
pub(super) fn parse(line: &str) -> Result<Line, &'static str> {
    let (name, rest) = line.split_once(':').ok_or("no colon after the name")?;
    let metric = name.strip_prefix(PREFIX).and_then(|n| n.strip_prefix('.')).ok_or("another prefix")?;
    let mut parts = rest.split('|');
    let count: usize = parts.next().and_then(number).ok_or("no whole number as value")?;
    let family = match parts.next() {
        Some("c") => Family::Counter,
        Some("ms") => Family::Timer,
        _ => return Err("neither a counter nor a timer"),
    };
    let tags = parts.next().and_then(|tags| tags.strip_prefix('#')).ok_or("no tags")?;
    if parts.next().is_some() {
        return Err("something after the tags");
    }
    let mut tags = tags.split(',');
    let run = tag(tags.next(), RUN).and_then(number).ok_or("no run")?;
    let datagram = tag(tags.next(), DATAGRAM).and_then(number).ok_or("no datagram number")?;
    let ids = tag(tags.next(), IDS).ok_or("no ids")?;
    if tags.next().is_some() {
        return Err("a tag too many");
    }
    let ids: Option<Vec<Id>> = ids.split('.').map(|id| u64::from_str_radix(id, 16).ok().map(Id)).collect();
    let ids = ids.ok_or("an id that is no hexadecimal number")?;
    if metric.is_empty() || ids.len() != count {
        return Err("the value is not the number of ids");
    }
    Ok(Line { family, metric: metric.to_owned(), run, datagram, ids })
}

fn tag<'a>(tag: Option<&'a str>, key: &str) -> Option<&'a str> {
    tag?.strip_prefix(key)?.strip_prefix(':')
}

fn number<T: std::str::FromStr>(text: &str) -> Option<T> {
    // std would also read "+1".
    text.starts_with(|c: char| c.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_reads_back() {
        let line = parse("mb.counter0:3|c|#run:1,datagram:7,ids:0.1f.10000000000").unwrap();
        let ids = vec![Id(0), Id(0x1f), Id::new(1, 0)];
        assert_eq!(format_ids(&ids), "0.1f.10000000000");
        let metric = "counter0".to_owned();
        assert_eq!(line, Line { family: Family::Counter, metric, run: 1, datagram: 7, ids });
        assert_eq!(parse("mb.t:1|ms|#run:0,datagram:0,ids:a").unwrap().family, Family::Timer);
    }

    #[test]
    fn what_is_not_exactly_a_line_is_refused() {
        let lines = [
            "",
            "mb.c",
            "c:1|c|#run:1,datagram:1,ids:1",
            "mb.:1|c|#run:1,datagram:1,ids:1",
            "mb.c:2|c|#run:1,datagram:1,ids:1",
            "mb.c:+1|c|#run:1,datagram:1,ids:1",
            "mb.c:1|g|#run:1,datagram:1,ids:1",
            "mb.c:1|c",
            "mb.c:1|c|run:1,datagram:1,ids:1",
            "mb.c:1|c|#datagram:1,run:1,ids:1",
            "mb.c:1|c|#run:1,datagram:1,ids:g",
            "mb.c:1|c|#run:1,datagram:1,ids:",
            "mb.c:1|c|#run:1,datagram:1,ids:1,more:1",
            "mb.c:1|c|#run:1,datagram:1,ids:1|T1",
        ];
        for line in lines {
            assert!(parse(line).is_err(), "{line}");
        }
    }

    #[test]
    fn the_longest_datagram_stays_below_the_limit() {
        let ids = vec![Id(u64::MAX); IDS_A_DATAGRAM];
        assert!(format_ids(&ids).len() + 200 < 1_400);
    }
}
