//! One live metrics buffer in an execution: ops in, ledger out.

use super::digits::Digits;
use super::settings::{Keys, Settings};
use super::sink::receiver::Receiver;
use super::sink::{Gate, Recorder};
use super::{BufferError, Family, Ids, Lanes, MetricSet, MetricsBuffer};
use racehunt_core::finding::FindingKind;
use racehunt_core::id::Id;
use racehunt_core::ledger::Ledger;
use racehunt_core::observation::Violation;
use racehunt_core::subject::{Actor, Call, Instance, OpError, OpKind};
use std::sync::{Arc, Mutex, PoisonError};

/// The ops, in the order of their numbers.
pub(super) const OPS: [OpKind; 3] = [
    OpKind { name: "increment", about: "adds one item to a counter; increment(k) to counter k modulo `metrics`" },
    OpKind { name: "timing", about: "adds one item to a timer; timing(k) to timer k modulo `metrics`" },
    OpKind { name: "flush", about: "hands all totals to the sink" },
];
const TIMING: usize = 1;
const FLUSH: usize = 2;

/// What all executions of a trial share.
pub(super) struct Plan {
    keys: Keys,
    /// Names of the timers and of the counters.
    names: [Vec<String>; 2],
}

impl Plan {
    pub(super) fn new(settings: &Settings) -> Self {
        let names = |stem: &str| (0..settings.metrics).map(|n| format!("{stem}{n}")).collect();
        Self { keys: settings.keys, names: [names("timer"), names("counter")] }
    }

    pub(super) fn metric_set(&self) -> MetricSet {
        let [timers, counters] = &self.names;
        MetricSet::new(timers.iter().map(String::as_str), counters.iter().map(String::as_str))
    }

    /// Number of the metric that a call means.
    fn choose(&self, arg: u32, actor: &mut Actor) -> usize {
        let metrics = self.names[0].len() as u32;
        match self.keys {
            Keys::Shared | Keys::Fresh => (arg % metrics) as usize,
            Keys::Drawn => actor.draw(metrics) as usize,
        }
    }
}

/// A buffer and how it carries ids.
pub(super) enum Buffer {
    /// As themselves.
    ById(Box<dyn MetricsBuffer<Ids>>),
    /// As digits of a number.
    Coded(Box<dyn Lanes>, Arc<Digits>),
}

/// Where delivered ids can be read back.
pub(super) enum FarEnd {
    /// In memory.
    Recorder(Arc<Recorder>),
    /// At the other end of a socket, under this number.
    Statsd(Arc<Receiver>, u64),
}

/// One live buffer.
pub(super) struct MetricsInstance {
    plan: Arc<Plan>,
    buffer: Buffer,
    far: FarEnd,
    gate: Option<Arc<Gate>>,
    /// Of the harness, not of the subject, and written at rest: std's lock.
    violations: Mutex<Vec<Violation>>,
}

impl MetricsInstance {
    pub(super) fn new(plan: Arc<Plan>, buffer: Buffer, far: FarEnd, gate: Option<Arc<Gate>>) -> Self {
        Self { plan, buffer, far, gate, violations: Mutex::default() }
    }

    fn add(&self, family: Family, arg: u32, actor: &mut Actor) -> Result<(), OpError> {
        let metric = self.plan.choose(arg, actor);
        let names = &self.plan.names[family as usize];
        let id = actor.next_id();
        let result = match &self.buffer {
            Buffer::ById(buffer) => {
                let fresh;
                let name = if self.plan.keys == Keys::Fresh {
                    // Unlike every other: the id is.
                    fresh = format!("{}.{}.{}", names[metric], id.actor(), id.serial());
                    &fresh
                } else {
                    &names[metric]
                };
                match family {
                    Family::Timer => buffer.timing(name, id.into()),
                    Family::Counter => buffer.increment(name, id.into()),
                }
            }
            Buffer::Coded(buffer, digits) => {
                // A metric whose digits are used up leaves the call to the next: opening has checked that all fit.
                let slot = (0..names.len())
                    .map(|i| &names[(metric + i) % names.len()])
                    .find_map(|name| digits.assign(family, name, id).map(|amount| (name, amount)));
                let Some((name, amount)) = slot else {
                    actor.ledger.rejected.push(id);
                    let message = "more adds than the execution was announced with".to_owned();
                    return Err(OpError { kind: "accounting", message });
                };
                buffer.add(actor.number as usize, family, name, amount)
            }
        };
        match &result {
            Ok(()) => actor.ledger.accepted.push(id),
            Err(BufferError::UnknownMetric(_)) => actor.ledger.rejected.push(id),
            // The amount was written before the flush that failed.
            Err(BufferError::Iteration(_) | BufferError::Sink(_)) => {
                actor.ledger.uncertain.push(id);
            }
        }
        result.map_err(op_error)
    }

    fn flush(&self) -> Result<(), BufferError> {
        match &self.buffer {
            Buffer::ById(buffer) => buffer.flush(),
            Buffer::Coded(buffer, _) => buffer.flush(),
        }
    }

    fn held(&self) -> Vec<Id> {
        match &self.buffer {
            Buffer::ById(buffer) => buffer.held().into_iter().flat_map(|total| total.value.0).collect(),
            Buffer::Coded(buffer, digits) => {
                let decode = |total: super::Total<u64>| digits.decode(total.family, &total.metric, total.value);
                buffer.held().into_iter().flat_map(|total| decode(total).0).collect()
            }
        }
    }

    fn complain(&self, detail: &str, message: String, ids: Vec<Id>) {
        let violation = Violation { kind: FindingKind::Error, detail: detail.to_owned(), message, ids };
        self.violations.lock().unwrap_or_else(PoisonError::into_inner).push(violation);
    }
}

impl Instance for MetricsInstance {
    fn apply(&self, call: Call, actor: &mut Actor) -> Result<(), OpError> {
        match call.op {
            FLUSH => {
                let result = self.flush();
                if let Some(gate) = &self.gate {
                    gate.flush_ended();
                }
                result.map_err(op_error)
            }
            TIMING => self.add(Family::Timer, call.arg, actor),
            _ => self.add(Family::Counter, call.arg, actor),
        }
    }

    fn rest(&self, ledger: &mut Ledger) {
        // What a refused last flush leaves inside is counted as retained.
        let _ = self.flush();
        ledger.retained.extend(self.held());
        match &self.far {
            FarEnd::Recorder(recorder) => ledger.delivered.extend(recorder.take()),
            FarEnd::Statsd(receiver, run) => {
                let arrivals = receiver.settle(*run);
                for line in arrivals.malformed {
                    self.complain("malformed-statsd", format!("the receiver could not use a line: {line}"), Vec::new());
                }
                if !arrivals.dropped.is_empty() {
                    let (n, dropped) = (arrivals.dropped.len(), arrivals.dropped);
                    let message = format!(
                        "{n} ids were sent and dropped by the kernel before the receiver: no fault of the buffer's, \
                         and counted as delivered"
                    );
                    self.complain("statsd-transport", message, dropped.iter().take(8).copied().collect());
                    ledger.delivered.extend(dropped);
                }
                ledger.delivered.extend(arrivals.delivered);
            }
        }
    }

    fn hand_over(&self, ledger: &mut Ledger) {
        if let FarEnd::Recorder(recorder) = &self.far {
            ledger.delivered.extend(recorder.take());
        }
    }

    fn violations(&self) -> Vec<Violation> {
        std::mem::take(&mut *self.violations.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
fn op_error(error: BufferError) -> OpError {
    OpError { kind: error.kind(), message: error.to_string() }
}
