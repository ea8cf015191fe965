//! With one thread every variant does the same, and none loses or repeats anything.

use racehunt_core::id::Id;
use racehunt_scenarios::metrics_buffer::sink::{Failing, Recorder};
use racehunt_scenarios::metrics_buffer::{
    AsShipped, BufferError, Family, Hardened, HardenedSharded, MetricSet, MetricsBuffer, PublishedFix, RelaxedPublish,
    Sink, SinkError, SwapUnlocked,
};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

const NEVER: Duration = Duration::from_secs(3_600);
const AT_EVERY_ADD: Duration = Duration::ZERO;

/// Every hand-over, in order.
#[derive(Default)]
struct Journal(Mutex<Vec<(Family, String, u64)>>);

impl Journal {
    fn take(&self) -> Vec<(Family, String, u64)> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    fn note(&self, family: Family, metric: &str, value: u64) {
        self.0.lock().unwrap().push((family, metric.to_owned(), value));
    }
}

impl Sink<u64> for Journal {
    fn increment(&self, metric: &str, value: &u64) -> Result<(), SinkError> {
        self.note(Family::Counter, metric, *value);
        Ok(())
    }

    fn timing(&self, metric: &str, value: &u64) -> Result<(), SinkError> {
        self.note(Family::Timer, metric, *value);
        Ok(())
    }
}

fn metrics() -> MetricSet {
    MetricSet::new(["t0", "t1"], ["c0", "c1"])
}

type Boxed = Box<dyn MetricsBuffer<u64>>;

fn hardened<S: Sink<u64> + Clone + 'static>(interval: Duration, sink: &S) -> [(&'static str, Boxed); 2] {
    let sharded = HardenedSharded::new(metrics(), 2, interval, sink.clone());
    [("hardened", Box::new(Hardened::new(interval, sink.clone()))), ("hardened-sharded", Box::new(sharded))]
}

fn all<S: Sink<u64> + Clone + 'static>(interval: Duration, sink: &S) -> Vec<(&'static str, Boxed)> {
    let mut all: Vec<(&'static str, Boxed)> = vec![
        ("as-shipped", Box::new(AsShipped::new(interval, sink.clone()))),
        ("published-fix", Box::new(PublishedFix::new(interval, sink.clone()))),
        ("swap-unlocked", Box::new(SwapUnlocked::new(interval, sink.clone()))),
        ("relaxed-publish", Box::new(RelaxedPublish::new(metrics(), 2, interval, sink.clone()))),
    ];
    all.extend(hardened(interval, sink));
    all
}

#[test]
fn totals_are_handed_over_once_timers_first() {
    let sink = Arc::new(Journal::default());
    for (name, buffer) in all(NEVER, &sink) {
        for (metric, amount) in [("c0", 1), ("c1", 10), ("c0", 2)] {
            buffer.increment(metric, amount).unwrap();
        }
        buffer.timing("t1", 7).unwrap();
        assert_eq!(buffer.held().len(), 3, "{name}");
        assert_eq!(sink.take(), [], "{name}: nothing before a flush");
        buffer.flush().unwrap();
        let total = |family, metric: &str, value| (family, metric.to_owned(), value);
        let expected =
            [total(Family::Timer, "t1", 7), total(Family::Counter, "c0", 3), total(Family::Counter, "c1", 10)];
        assert_eq!(sink.take(), expected, "{name}");
        buffer.flush().unwrap();
        assert_eq!((sink.take(), buffer.held()), (vec![], vec![]), "{name}: nothing twice");
    }
}

#[test]
fn an_add_flushes_when_the_last_flush_is_old() {
    let sink = Arc::new(Journal::default());
    for (name, buffer) in all(AT_EVERY_ADD, &sink) {
        buffer.increment("c0", 1).unwrap();
        buffer.increment("c0", 2).unwrap();
        let values: Vec<u64> = sink.take().into_iter().map(|(_, _, value)| value).collect();
        assert_eq!(values, [1, 2], "{name}");
    }
}

#[test]
fn what_a_failing_sink_did_not_take_is_kept() {
    for refuse in 1..=4 {
        for variant in 0..2 {
            let sink = Arc::new(Journal::default());
            let failing = Arc::new(Failing::new(Arc::clone(&sink), refuse));
            let [locked, sharded] = hardened(NEVER, &failing);
            let (name, buffer) = if variant == 0 { locked } else { sharded };
            for (metric, amount) in [("c0", 1), ("c1", 2)] {
                buffer.increment(metric, amount).unwrap();
                buffer.timing(&metric.replace('c', "t"), amount * 10).unwrap();
            }
            let refused = buffer.flush().unwrap_err();
            assert!(matches!(refused, BufferError::Sink(_)), "{name}: {refused}");
            assert_eq!(sink.take().len() as u64, refuse - 1, "{name}: the first {refuse} less one");
            assert_eq!(buffer.held().len() as u64, 4 - (refuse - 1), "{name}: the rest is inside");
            buffer.increment("c0", 100).unwrap();
            buffer.flush().unwrap();
            assert!(buffer.held().is_empty(), "{name}");
        }
    }
}

#[test]
fn a_failing_sink_loses_and_repeats_no_amount() {
    for refuse in 1..=3 {
        let sink = Arc::new(Journal::default());
        let failing = Arc::new(Failing::new(Arc::clone(&sink), refuse));
        for (name, buffer) in hardened(NEVER, &failing) {
            buffer.increment("c0", 1).unwrap();
            buffer.increment("c1", 10).unwrap();
            buffer.timing("t0", 100).unwrap();
            let first = buffer.flush();
            let again = buffer.flush();
            assert!(again.is_ok(), "{name}: {first:?}, {again:?}");
            let handed = sink.take();
            let sum: u64 = handed.iter().map(|(_, _, value)| value).sum();
            assert_eq!((handed.len(), sum), (3, 111), "{name}");
        }
    }
}

#[test]
fn an_add_whose_flush_is_refused_has_not_failed() {
    let sink = Arc::new(Journal::default());
    let failing = Arc::new(Failing::new(Arc::clone(&sink), 1));
    let buffer = Hardened::new(AT_EVERY_ADD, Arc::clone(&failing));
    buffer.increment("c0", 1).unwrap();
    assert_eq!((buffer.failed_flushes(), buffer.held()[0].value), (1, 1));
    let sharded = HardenedSharded::new(metrics(), 2, AT_EVERY_ADD, Arc::new(Failing::new(sink, 1)));
    sharded.increment("c0", 1).unwrap();
    assert_eq!((sharded.failed_flushes(), sharded.held()[0].value), (1, 1));
    let shipped = AsShipped::new(AT_EVERY_ADD, Failing::new(Arc::new(Journal::default()), 1));
    assert!(shipped.increment("c0", 1_u64).is_err(), "as shipped, the error is the adder's");
}

#[test]
fn a_sharded_buffer_says_which_metric_it_does_not_know() {
    let buffer = HardenedSharded::new(metrics(), 2, NEVER, Arc::new(Journal::default()));
    assert_eq!(buffer.increment("c9", 1), Err(BufferError::UnknownMetric("c9".to_owned())));
    assert!(buffer.held().is_empty());
}

/// A sink that adds to the buffer it is fed by: a lock held across the call would never return.
struct Echo(Mutex<Weak<dyn MetricsBuffer<u64>>>);

impl Echo {
    fn add(&self) -> Result<(), SinkError> {
        let buffer = self.0.lock().unwrap().upgrade();
        buffer.map_or(Ok(()), |buffer| buffer.increment("c1", 1).map_err(|e| SinkError::new("c1", &e)))
    }
}

impl Sink<u64> for Echo {
    fn increment(&self, _: &str, _: &u64) -> Result<(), SinkError> {
        self.add()
    }

    fn timing(&self, _: &str, _: &u64) -> Result<(), SinkError> {
        self.add()
    }
}

#[test]
fn no_lock_is_held_across_a_call_of_the_sink() {
    let nobody: Weak<dyn MetricsBuffer<u64>> = Weak::<Hardened<u64, Arc<Echo>>>::new();
    let echo = Arc::new(Echo(Mutex::new(nobody)));
    for (name, buffer) in hardened(NEVER, &echo) {
        let buffer: Arc<dyn MetricsBuffer<u64>> = buffer.into();
        *echo.0.lock().unwrap() = Arc::downgrade(&buffer);
        buffer.increment("c0", 1).unwrap();
        buffer.flush().unwrap();
        let held: u64 = buffer.held().iter().map(|total| total.value).sum();
        assert!(held >= 1, "{name}: the sink's own add is inside, or went with the next total");
    }
}

#[test]
fn ids_come_out_as_they_went_in() {
    let sink = Arc::new(Recorder::default());
    let buffer = Hardened::new(NEVER, Arc::clone(&sink));
    for serial in 0..9 {
        buffer.increment("c0", Id::new(1, serial).into()).unwrap();
    }
    buffer.flush().unwrap();
    let expected: Vec<Id> = (0..9).map(|serial| Id::new(1, serial)).collect();
    assert_eq!(sink.take(), expected);
}
