//! The last part of a worker's stderr, in bounded memory.

use std::collections::VecDeque;
use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes kept.
const KEPT: usize = 64 * 1024;

/// The last [`KEPT`] bytes of a stream.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tail(Arc<Mutex<VecDeque<u8>>>);

impl Tail {
    /// Reads `from` to its end.
    pub(crate) fn drain(&self, mut from: impl Read) {
        let mut piece = [0; 8 * 1024];
        loop {
            match from.read(&mut piece) {
                Ok(0) => return,
                Ok(n) => self.push(&piece[..n]),
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                Err(_) => return,
            }
        }
    }

    fn push(&self, bytes: &[u8]) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend(bytes);
        let surplus = kept.len().saturating_sub(KEPT);
        kept.drain(..surplus);
    }

    /// What is kept, as text; a character or line that was cut at the start is left out.
    pub(crate) fn text(&self) -> String {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let full = kept.len() == KEPT;
        let text = String::from_utf8_lossy(kept.make_contiguous()).into_owned();
        match text.split_once('\n') {
            Some((_, whole)) if full => whole.to_owned(),
            _ => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_end_and_no_more() {
        let tail = Tail::default();
        let flood: Vec<u8> = (0..100_000).flat_map(|n| format!("line {n}\n").into_bytes()).collect();
        tail.drain(&flood[..]);
        let text = tail.text();
        assert!(text.len() <= KEPT && text.starts_with("line ") && text.ends_with("line 99999\n"), "{}", text.len());
    }

    #[test]
    fn keeps_a_short_stream_whole() {
        let tail = Tail::default();
        tail.drain(&b"a\nb"[..]);
        assert_eq!(tail.text(), "a\nb");
    }
}
