//! The directory as someone sees it who has no part in it: which files count, and which of them cannot be read.

use super::label;
use racehunt_core::id::Id;
use std::collections::BTreeMap;
use std::path::Path;

/// What a name says of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// A trace that all can see: it counts towards the cap and must parse.
    Visible,
    /// Set aside because it could not be read.
    Quarantined,
    /// None of a trace's: a lock, a temporary file.
    Hidden,
}

/// The standing of a file by its name. What a replay has claimed is as visible as before.
pub(super) fn standing(name: &str) -> Standing {
    let Some((_, suffix)) = name.strip_prefix("trace_").and_then(|rest| rest.split_once(".json")) else {
        return Standing::Hidden;
    };
    if suffix.contains("quarantined") { Standing::Quarantined } else { Standing::Visible }
}

/// The part of a name that stays as long as the trace is there.
pub(super) fn stem(name: &str) -> &str {
    name.split_once(".json").map_or(name, |(stem, _)| stem)
}

/// A file of the directory at rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) name: String,
    pub(super) standing: Standing,
    /// By its name or else by its body.
    pub(super) id: Option<Id>,
    /// What is wrong with a visible one.
    pub(super) fault: Option<String>,
}

/// The traces among the files of a directory, by name.
pub(super) fn traces(files: Vec<(String, Vec<u8>)>) -> Vec<Found> {
    let mut found: Vec<Found> = files.into_iter().filter_map(|(name, bytes)| found(name, &bytes)).collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

fn found(name: String, bytes: &[u8]) -> Option<Found> {
    let standing = standing(&name);
    let body = label::parse(bytes);
    let id = label::id_of(Path::new(&name)).or_else(|| body.clone().ok());
    let fault = body.err().filter(|_| standing == Standing::Visible);
    (standing != Standing::Hidden).then_some(Found { name, standing, id, fault })
}

/// What was seen of the directory while the actors were at work.
#[derive(Debug, Default)]
pub(super) struct Sightings {
    /// The most files there were at once.
    pub(super) peak: u64,
    /// True once somebody looked while the actors were at work: a peak at rest alone does not show that a bound was kept.
    pub(super) looked: bool,
    /// Visible files that did not parse, by name.
    torn: BTreeMap<String, String>,
    /// Where the next sample goes on reading.
    turn: usize,
}

/// Files that one sample reads, and names of torn ones that are kept.
const READ: usize = 16;
const KEPT: usize = 8;

impl Sightings {
    /// A visible file held this at some instant.
    pub(super) fn held(&mut self, name: &str, bytes: &[u8]) {
        if let Err(why) = label::parse(bytes)
            && self.torn.len() < KEPT
        {
            self.torn.entry(name.to_owned()).or_insert(why);
        }
    }

    /// So many files were there at some instant.
    pub(super) fn counted(&mut self, files: usize) {
        self.peak = self.peak.max(files as u64);
    }

    /// The torn ones, for people.
    pub(super) fn torn(&self) -> impl Iterator<Item = String> {
        self.torn.iter().map(|(name, why)| format!("torn: {name}: {why}"))
    }

    /// Looks at the real directory once.
    ///
    /// A listing is not one instant: it can show a file that was removed before another was made. So only those are
    /// counted that are still there after it, as all of these were when it ended; and a trace under two names is one.
    pub(super) fn sample(&mut self, dir: &Path, parse: bool) {
        let Ok(entries) = std::fs::read_dir(dir) else { return };
        self.looked = true;
        let mut names: Vec<String> = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
        names.retain(|name| standing(name) == Standing::Visible);
        names.sort_unstable();
        names.dedup_by(|a, b| stem(a) == stem(b));
        if names.len() as u64 > self.peak {
            self.counted(names.iter().filter(|name| dir.join(name).exists()).count());
        }
        // A file that is gone by now had been whole or not: nobody can tell. One that opens is read as it is.
        let read = if parse { names.len().min(READ) } else { 0 };
        for n in 0..read {
            let name = &names[(self.turn + n) % names.len()];
            if let Ok(bytes) = std::fs::read(dir.join(name)) {
                self.held(name, &bytes);
            }
        }
        self.turn = self.turn.wrapping_add(read);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "trace_1_2_01000002.json";

    #[test]
    fn a_name_says_how_a_file_stands() {
        for (name, want) in [
            (NAME, Standing::Visible),
            ("trace_1_2_01000002.json.claimed-9", Standing::Visible),
            ("trace_1_2_01000002.json.quarantined", Standing::Quarantined),
            (".tmp-trace_1_2_01000002.json", Standing::Hidden),
            (".lock", Standing::Hidden),
        ] {
            assert_eq!(standing(name), want, "{name}");
        }
    }

    #[test]
    fn whole_files_are_counted_and_torn_ones_named() {
        let dir = tempfile::tempdir().unwrap();
        let put = |name: &str, body: &str| std::fs::write(dir.path().join(name), body).unwrap();
        put(NAME, r#"{"id": 1099511627778}"#);
        put(".tmp-trace_1_2_01000003.json", r#"{"id""#);
        put("trace_1_2_01000004.json.quarantined", r#"{"id""#);
        let mut seen = Sightings::default();
        seen.counted(0);
        seen.sample(Path::new("/nowhere"), true);
        assert!(!seen.looked, "what is counted at rest, or could not be listed, was not looked at in between");
        seen.sample(dir.path(), true);
        assert_eq!((seen.peak, seen.torn().count(), seen.looked), (1, 0, true));
        put("trace_1_2_01000005.json", r#"{"id""#);
        seen.sample(dir.path(), true);
        let torn: Vec<String> = seen.torn().collect();
        assert_eq!((seen.peak, torn.len()), (2, 1));
        assert!(torn[0].starts_with("torn: trace_1_2_01000005.json: EOF"), "{torn:?}");
        std::fs::remove_file(dir.path().join(NAME)).unwrap();
        seen.sample(dir.path(), true);
        assert_eq!(seen.peak, 2, "a peak stays");
    }

    #[test]
    fn a_claimed_trace_is_counted_once() {
        let dir = tempfile::tempdir().unwrap();
        for name in [NAME, "trace_1_2_01000002.json.claimed-9"] {
            std::fs::write(dir.path().join(name), r#"{"id": 1}"#).unwrap();
        }
        let mut seen = Sightings::default();
        seen.sample(dir.path(), true);
        assert_eq!(seen.peak, 1);
    }

    #[test]
    fn at_rest_everything_has_an_id_or_a_fault() {
        let files = [
            (NAME, ""),
            ("trace_1_2_ffffffff.json", r#"{"id": 7}"#),
            ("trace_1_2_01000004.json.quarantined", "{"),
            (".lock", ""),
        ];
        let found = traces(files.map(|(name, body)| (name.to_owned(), body.into())).into());
        let told: Vec<_> = found.iter().map(|f| (f.standing, f.id, f.fault.as_deref())).collect();
        assert_eq!(
            told,
            [
                (Standing::Visible, Some(Id::new(1, 2)), Some("empty")),
                (Standing::Quarantined, Some(Id::new(1, 4)), None),
                (Standing::Visible, Some(Id(7)), None),
            ]
        );
    }
}
