//! Ids in traces: in the name of a file, so that a watcher need not read it, and in its body.

use racehunt_core::id::Id;
use serde::ser::{Error, Serialize, SerializeStruct, Serializer};
use std::cell::Cell;
use std::path::Path;

racehunt_sync::thread_local! {
    /// The id of the trace that the current actor stores, if it stores one.
    static CURRENT: Cell<Option<Id>> = const { Cell::new(None) };
}

/// Ids of actors and of their items have two and six hexadecimal digits in a name.
const MOST_ACTORS: u32 = 0xfe;
const SERIAL_BITS: u32 = 24;

/// The digits of what has no id, or not for all to see.
const NONE: u32 = u32::MAX;

/// The actor whose items are the ones that are in before all others start.
pub(super) const BEFORE_ALL: u32 = MOST_ACTORS - 1;

/// Says which trace the current actor is going to store.
pub(super) fn announce(id: Option<Id>) {
    CURRENT.set(id);
}

/// The id as the eight digits of a name; `None` if it does not fit.
pub(super) fn digits(id: Id) -> Option<u32> {
    let fits = id.actor() < MOST_ACTORS && id.serial() >> SERIAL_BITS == 0;
    fits.then(|| (id.actor() << SERIAL_BITS) | id.serial() as u32)
}

/// A uuid for whatever the current actor makes: its id at both ends, and `salt`, unlike any other, between them.
pub(super) fn uuid(salt: u64, stubbed: bool) -> u128 {
    let id = CURRENT.get().and_then(digits).unwrap_or(NONE);
    let first = if stubbed { NONE } else { id };
    (u128::from(first) << 96) | (u128::from(salt) << 32) | u128::from(id)
}

/// The id in the name of a file, which ends in eight or in thirty-two hexadecimal digits before its suffixes.
pub(super) fn id_of(file: &Path) -> Option<Id> {
    let name = file.file_name()?.to_str()?;
    let (stem, _) = name.split_once(".json")?;
    let hex = stem.rsplit('_').next()?;
    let digits = match hex.len() {
        8 => hex,
        32 => hex.get(24..)?,
        _ => return None,
    };
    let digits = u32::from_str_radix(digits, 16).ok().filter(|digits| *digits != NONE)?;
    Some(Id::new(digits >> SERIAL_BITS, u64::from(digits & ((1 << SERIAL_BITS) - 1))))
}

/// The id in a body.
pub(super) fn id_in(body: &serde_json::Value) -> Option<Id> {
    body.get("id")?.as_u64().map(Id)
}

/// What is wrong with the contents of a file, or the id in it.
pub(super) fn parse(bytes: &[u8]) -> Result<Id, String> {
    if bytes.is_empty() {
        return Err("empty".to_owned());
    }
    let body: serde_json::Value = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    id_in(&body).ok_or_else(|| "no id in it".to_owned())
}

/// One trace.
pub(super) struct Trace<'a> {
    pub(super) id: Id,
    pub(super) payload: &'a str,
    /// Whether its last field cannot be serialised.
    pub(super) broken: bool,
}

impl Serialize for Trace<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Trace", 3)?;
        fields.serialize_field("id", &self.id)?;
        fields.serialize_field("payload", self.payload)?;
        if self.broken {
            return Err(S::Error::custom("a value that JSON does not know"));
        }
        fields.serialize_field("end", &true)?;
        fields.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn named(hex: &str) -> PathBuf {
        PathBuf::from(format!("/buffer/trace_1700000000000_1001_{hex}.json"))
    }

    #[test]
    fn an_id_comes_back_from_every_name_that_shows_it() {
        let id = Id::new(7, 513);
        announce(Some(id));
        let whole = format!("{:032x}", uuid(9, false));
        assert_eq!(whole, "07000201000000000000000907000201");
        assert_eq!(id_of(&named(&whole)), Some(id));
        assert_eq!(id_of(&named(&whole[..8])), Some(id));
        assert_eq!(id_of(Path::new(&format!("trace_1_2_{whole}.json.claimed"))), Some(id));
        let stubbed = format!("{:032x}", uuid(9, true));
        assert_eq!(id_of(&named(&stubbed)), Some(id));
        assert_eq!(id_of(&named(&stubbed[..8])), None, "TB12: all are called the same");
        announce(None);
        assert_eq!(id_of(&named(&format!("{:032x}", uuid(9, false)))), None);
        assert_eq!(id_of(Path::new("trace_1_2_xyz.json")), None);
    }

    #[test]
    fn ids_that_do_not_fit_are_refused() {
        assert_eq!(digits(Id::new(BEFORE_ALL, 0xff_ffff)), Some(0xfdff_ffff));
        assert_eq!((digits(Id::new(0xfe, 0)), digits(Id::new(0, 1 << 24))), (None, None));
    }

    #[test]
    fn a_broken_trace_writes_some_of_itself_and_fails() {
        let mut out = Vec::new();
        let trace = Trace { id: Id::new(1, 2), payload: "xyz", broken: false };
        serde_json::to_writer(&mut out, &trace).unwrap();
        assert_eq!(parse(&out), Ok(Id::new(1, 2)));
        let whole = std::mem::take(&mut out);
        assert!(serde_json::to_writer(&mut out, &Trace { broken: true, ..trace }).is_err());
        assert!(!out.is_empty() && whole.starts_with(&out) && parse(&out).is_err());
        assert_eq!(parse(b""), Err("empty".to_owned()));
        assert_eq!(parse(b"{}"), Err("no id in it".to_owned()));
    }
}
