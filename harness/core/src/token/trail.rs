//! What an execution did, in as few bytes as tell a changed one at its first changed step.

use crate::interleaving::{Interleaving, Step};

/// The steps of an execution: who, what kind, and a byte that depends on all that the step and those before it did.
///
/// Lines are left out, and folders: code that moved in its file, or a checkout somewhere else, is the same code. Each
/// byte misses a change of its own step once in 256, but then the next one, or one after it, does not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trail {
    /// Steps before the actors began, and steps after they had ended.
    pub(super) around: (u32, u32),
    pub(super) marks: Vec<Mark>,
}

/// What is kept of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) actor: u32,
    pub(super) kind: String,
    pub(super) digest: u8,
}

/// The first step that is another one now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{at} differs\n  in the token: {recorded}\n  now:          {now}")]
pub struct Differs {
    /// Which one: `step 7`, `step 2 of the setup`. Numbered as the table of the interleaving numbers them.
    pub at: String,
    /// What the token knows of it.
    pub recorded: String,
    /// What is there now.
    pub now: String,
}

impl Trail {
    /// The trail of a recorded execution.
    #[must_use]
    pub fn of(shown: &Interleaving) -> Self {
        let around = (shown.setup.len() as u32, shown.drain.len() as u32);
        let mut digest = Digest::default();
        let mark = |step: &Step| Mark { actor: step.actor, kind: step.kind.clone(), digest: digest.add(step) };
        Self { around, marks: all(shown).map(mark).collect() }
    }

    /// Holds an execution against the trail.
    ///
    /// # Errors
    /// At the first step that is another one, or that is missing on either side.
    pub fn compare(&self, now: &Interleaving) -> Result<(), Differs> {
        let fresh = Self::of(now);
        let both = self.marks.iter().zip(&fresh.marks);
        let same = both.take_while(|(recorded, now)| recorded == now).count();
        if same == self.marks.len() && same == fresh.marks.len() && self.around == fresh.around {
            return Ok(());
        }
        let who = |actor: u32| now.actors.get(actor as usize).map_or_else(|| format!("actor {actor}"), Clone::clone);
        let (mark, step) = (self.marks.get(same), all(now).nth(same));
        let alike = mark.is_some_and(|m| step.is_some_and(|s| (m.actor, &m.kind) == (s.actor, &s.kind)));
        let recorded = match mark {
            None => "the end".to_owned(),
            Some(mark) if alike => {
                format!("another {} of {} (object, value, name or file)", mark.kind, who(mark.actor))
            }
            Some(mark) => format!("{}: {}", who(mark.actor), mark.kind),
        };
        let now = step.map_or_else(|| "the end".to_owned(), |step| tell(&who(step.actor), step));
        Err(Differs { at: self.place(same), recorded, now })
    }

    /// The name of the step at `index` over all.
    fn place(&self, index: usize) -> String {
        let (setup, drain) = (self.around.0 as usize, self.around.1 as usize);
        let rest = self.marks.len().saturating_sub(drain).max(setup);
        match index {
            i if i < setup => format!("step {} of the setup", i + 1),
            i if i < rest || drain == 0 => format!("step {}", i - setup + 1),
            i => format!("step {} of the drain", i - rest + 1),
        }
    }
}

fn all(shown: &Interleaving) -> impl Iterator<Item = &Step> {
    shown.setup.iter().chain(&shown.steps).chain(&shown.drain)
}

/// A step in words.
fn tell(actor: &str, step: &Step) -> String {
    let mut text = format!("{actor}: {}", step.kind);
    for part in [&step.label, &step.object].into_iter().filter(|part| !part.is_empty()) {
        text.push(' ');
        text.push_str(part);
    }
    if let Some(value) = step.value {
        text.push_str(&format!(" = {value}"));
    }
    if !step.site.is_empty() {
        text.push_str(&format!(" at {}", step.site));
    }
    text
}

/// FNV-1a over all steps so far.
struct Digest(u64);

impl Default for Digest {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Digest {
    fn bytes(&mut self, bytes: impl IntoIterator<Item = u8>) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    /// Adds a step; the digest of all up to it.
    fn add(&mut self, step: &Step) -> u8 {
        let (object, made) = step.object.split_once(" (").unwrap_or((&step.object, ""));
        let texts = [step.kind.as_str(), &step.label, object, file(made.trim_end_matches(')')), file(&step.site)];
        self.bytes(step.actor.to_le_bytes());
        self.bytes(step.object_id.to_le_bytes());
        self.bytes(step.value.map_or([0xff; 9], |v| {
            let mut bytes = [0; 9];
            bytes[..8].copy_from_slice(&v.to_le_bytes());
            bytes
        }));
        for text in texts {
            self.bytes(text.bytes().chain([0]));
        }
        // The upper bits depend on all bytes, the lowest ones of an FNV hash do not.
        (self.0 >> 56) as u8
    }
}

/// The file of `folder/file.rs:12`, without the line.
fn file(site: &str) -> &str {
    let site = site.rsplit('/').next().unwrap_or(site);
    site.split_once(':').map_or(site, |(file, _)| file)
}
