//! What a buffer sums up: numbers in real use, bags of ids when hunted.

use racehunt_core::id::Id;
use smallvec::SmallVec;

/// Something that can be summed up. `Default` is the sum of nothing.
pub trait Amount: Clone + Default + Send + Sync + 'static {
    /// Adds `other` to this sum.
    fn add(&mut self, other: &Self);
}

impl Amount for u64 {
    fn add(&mut self, other: &Self) {
        *self += other;
    }
}

impl Amount for f64 {
    fn add(&mut self, other: &Self) {
        *self += other;
    }
}

/// A bag of ids: the sum that still knows its parts. An id that is in it twice was added twice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ids(pub SmallVec<[Id; 4]>);

impl From<Id> for Ids {
    fn from(id: Id) -> Self {
        Self(SmallVec::from_slice(&[id]))
    }
}

impl Amount for Ids {
    fn add(&mut self, other: &Self) {
        self.0.extend_from_slice(&other.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bag_keeps_every_part() {
        let mut sum = Ids::default();
        sum.add(&Id(3).into());
        sum.add(&Id(3).into());
        sum.add(&Id(1).into());
        assert_eq!(sum.0.as_slice(), [Id(3), Id(3), Id(1)]);
    }

    #[test]
    fn numbers_sum_up() {
        let (mut whole, mut real) = (2_u64, 0.5_f64);
        whole.add(&3);
        real.add(&0.25);
        assert_eq!((whole, real), (5, 0.75));
    }
}
