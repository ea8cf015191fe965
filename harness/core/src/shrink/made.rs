//! A schedule as it was really made.

/// One point of an execution at which there was a choice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// How many actors could have gone on instead of the one that decision 0 stands for.
    pub others: u32,
    /// The actor that ran could not go on, so that to leave it is no switch.
    pub forced: bool,
}

/// A schedule as it was really made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Made {
    /// The decisions, cut down, and as many as the execution had choices.
    pub decisions: Vec<u32>,
    /// What there was to choose from, for each decision. May be shorter, or empty: then less is known.
    pub choices: Vec<Choice>,
    /// Decisions that left an actor which could go on. (To choose who goes on after an actor's end is no switch.)
    pub switches: u32,
    /// Steps of the execution.
    pub steps: u64,
}

/// What is to be as small as can be, the most important first: switches, steps, decisions that are not 0, the sum of
/// their values, and where the last one is.
pub(super) type Cost = (u32, u64, usize, u64, usize);

impl Made {
    pub(super) fn cost(&self) -> Cost {
        let d = &self.decisions;
        let last = d.iter().rposition(|d| *d != 0).map_or(0, |i| i + 1);
        let sum = d.iter().map(|d| u64::from(*d)).sum();
        (self.switches, self.steps, d.iter().filter(|d| **d != 0).count(), sum, last)
    }

    /// The decisions without the zeros at the end, which go without saying.
    pub(super) fn trimmed(&self) -> Vec<u32> {
        let last = self.decisions.iter().rposition(|d| *d != 0).map_or(0, |i| i + 1);
        self.decisions[..last].to_vec()
    }

    /// True if the switches are those that the choices tell: an engine may count them otherwise.
    pub(super) fn is_plain(&self) -> bool {
        let left = self.decisions.iter().zip(&self.choices).filter(|(d, choice)| **d != 0 && !choice.forced);
        self.choices.len() == self.decisions.len() && left.count() == self.switches as usize
    }
}

/// A candidate as it was played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Played {
    /// What became of it.
    pub made: Made,
    /// The same failure showed.
    pub shows: bool,
}
