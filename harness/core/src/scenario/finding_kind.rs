//! Reads the kind of a finding that a scenario expects.

use super::text::{ElementError, one_of};
use crate::finding::FindingKind;

/// Reads a kind by the word that reports use for it.
pub(super) fn parse(text: &str) -> Result<FindingKind, ElementError> {
    one_of(text, "kind of finding", &FindingKind::ALL.map(|kind| (kind.word(), kind)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back_in_all_forms() {
        for kind in FindingKind::ALL {
            assert_eq!(parse(kind.word()), Ok(kind));
            assert_eq!(serde_json::to_string(&kind).unwrap(), format!("\"{}\"", kind.word()));
        }
        assert_eq!(parse("lots").unwrap_err().help.as_deref(), Some("did you mean `lost`?"));
    }
}
