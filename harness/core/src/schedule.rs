//! A schedule as text: the actor picked at each choice, runs of one actor folded.

use std::fmt;
use std::str::FromStr;

/// The actor picked at each point at which more than one could run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schedule(
    /// Actors by number.
    pub Vec<u32>,
);

impl fmt::Display for Schedule {
    /// `1*3 2 1*5`: actor 1 three times, actor 2 once, actor 1 five times.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, run) in self.0.chunk_by(|a, b| a == b).enumerate() {
            let space = if i == 0 { "" } else { " " };
            match run.len() {
                1 => write!(f, "{space}{}", run[0])?,
                n => write!(f, "{space}{}*{n}", run[0])?,
            }
        }
        Ok(())
    }
}

/// Choices a schedule may have; one far above any execution's bound on steps.
const MOST: usize = 10_000_000;

impl FromStr for Schedule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut picks = Vec::new();
        for word in text.split_whitespace() {
            let (actor, times) = word.split_once('*').unwrap_or((word, "1"));
            let actor: u32 = actor.parse().map_err(|_| format!("`{word}` names no actor"))?;
            let times: usize = times.parse().map_err(|_| format!("`{word}` has no number after `*`"))?;
            if times == 0 || picks.len() + times > MOST {
                return Err(format!("`{word}`: 1 to {MOST} choices in all"));
            }
            picks.extend(std::iter::repeat_n(actor, times));
        }
        Ok(Self(picks))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn comes_back(picks in proptest::collection::vec(0u32..5, 0..200)) {
            let schedule = Schedule(picks);
            prop_assert_eq!(schedule.to_string().parse::<Schedule>(), Ok(schedule));
        }
    }

    #[test]
    fn reads_and_refuses() {
        assert_eq!(Schedule(vec![1, 1, 1, 2, 0]).to_string(), "1*3 2 0");
        for bad in ["x", "1*", "1*0", "1*99999999999", "-1"] {
            assert!(bad.parse::<Schedule>().is_err(), "{bad}");
        }
    }
}
