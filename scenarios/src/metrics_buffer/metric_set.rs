//! The metrics of a sharded buffer, known when it is built, so that an add needs no map that grows.

use super::{BufferError, Family};

/// Names of all timers and counters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MetricSet {
    /// One ascending list for each of [`Family::ALL`].
    names: [Vec<Box<str>>; 2],
}

impl MetricSet {
    /// A set of these timers and counters.
    pub fn new<T: Into<Box<str>>>(timers: impl IntoIterator<Item = T>, counters: impl IntoIterator<Item = T>) -> Self {
        let mut names = [timers.into_iter().map(Into::into).collect(), counters.into_iter().map(Into::into).collect()];
        for list in &mut names {
            let list: &mut Vec<Box<str>> = list;
            list.sort();
            list.dedup();
        }
        Self { names }
    }

    /// How many metrics there are, of both families.
    #[must_use]
    pub fn len(&self) -> usize {
        self.names.iter().map(Vec::len).sum()
    }

    /// True if there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The cell of a metric: below [`MetricSet::len`], timers first.
    ///
    /// # Errors
    /// When the set does not have it.
    pub fn cell(&self, family: Family, metric: &str) -> Result<usize, BufferError> {
        let before = if family == Family::Counter { self.names[0].len() } else { 0 };
        match self.names[family as usize].binary_search_by(|name| name.as_ref().cmp(metric)) {
            Ok(place) => Ok(before + place),
            Err(_) => Err(BufferError::UnknownMetric(metric.to_owned())),
        }
    }

    /// Every metric, in the order of its cell.
    pub fn iter(&self) -> impl Iterator<Item = (Family, &str)> {
        Family::ALL
            .into_iter()
            .zip(&self.names)
            .flat_map(|(family, names)| names.iter().map(move |name| (family, name.as_ref())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_stands_at_its_cell() {
        let set = MetricSet::new(["t2", "t1"], ["c", "a", "b", "a"]);
        assert_eq!(set.len(), 5);
        for (cell, (family, metric)) in set.iter().enumerate() {
            assert_eq!(set.cell(family, metric), Ok(cell));
        }
        assert_eq!(set.iter().next(), Some((Family::Timer, "t1")));
        assert_eq!(set.cell(Family::Timer, "a"), Err(BufferError::UnknownMetric("a".to_owned())));
    }
}
