//! Item ids: unique in an execution, and telling which actor made them.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Id of one item: the actor's number in the upper 24 bits, its serial number in the lower 40. In JSON a number.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(transparent)]
pub struct Id(pub u64);

const SERIAL_BITS: u32 = 40;

impl Id {
    /// The id of the `serial`-th item of `actor`.
    #[must_use]
    pub fn new(actor: u32, serial: u64) -> Self {
        Self((u64::from(actor) << SERIAL_BITS) | (serial & ((1 << SERIAL_BITS) - 1)))
    }

    /// Number of the actor that made the item.
    #[must_use]
    pub fn actor(self) -> u32 {
        (self.0 >> SERIAL_BITS) as u32
    }

    /// Number of the item among those of its actor.
    #[must_use]
    pub fn serial(self) -> u64 {
        self.0 & ((1 << SERIAL_BITS) - 1)
    }
}

impl fmt::Display for Id {
    /// `2#17`: the item 17 of actor 2.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.actor(), self.serial())
    }
}

#[cfg(test)]
mod tests {
    use super::Id;

    #[test]
    fn actor_and_serial_come_back() {
        let id = Id::new(3, 1 << 39);
        assert_eq!((id.actor(), id.serial()), (3, 1 << 39));
        assert_eq!(Id::new(2, 17).to_string(), "2#17");
    }
}
