//! The nearest valid name to a mistyped one.

use strsim::damerau_levenshtein;

/// The candidate nearest to `word`, if it is near enough to be what was meant.
///
/// Near enough is one edit in three letters (as rustc has it): more, and the suggestion reads as a guess.
pub(super) fn nearest<'c>(word: &str, candidates: &[&'c str]) -> Option<&'c str> {
    let word = word.to_lowercase();
    let reach = (word.chars().count().max(3)) / 3;
    candidates
        .iter()
        .map(|candidate| (damerau_levenshtein(&word, &candidate.to_lowercase()), *candidate))
        .filter(|(distance, _)| *distance <= reach)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// A help line: the nearest name, or else all of them.
pub(super) fn suggest(word: &str, candidates: &[&str]) -> String {
    match (nearest(word, candidates), candidates) {
        (Some(name), _) => format!("did you mean `{name}`?"),
        (None, []) => "there is none to choose from".to_owned(),
        (None, [only]) => format!("the only one is `{only}`"),
        (None, _) => format!("one of: {}", listed(candidates)),
    }
}

/// Names in backticks, separated by commas.
pub(super) fn listed<S: AsRef<str>>(names: &[S]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{}`", name.as_ref())).collect();
    quoted.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        let keys = ["threads", "processes", "rate"];
        assert_eq!(nearest("thread", &keys), Some("threads"));
        assert_eq!(nearest("Threads", &keys), Some("threads"));
        assert_eq!(nearest("tarte", &keys), None);
        assert_eq!(nearest("zzz", &keys), None);
        assert_eq!(nearest("", &keys), None);
    }

    #[test]
    fn without_a_near_name_all_are_listed() {
        assert_eq!(suggest("zzz", &["a", "b"]), "one of: `a`, `b`");
        assert_eq!(suggest("zzz", &["a"]), "the only one is `a`");
        assert_eq!(suggest("zzz", &[]), "there is none to choose from");
    }
}
