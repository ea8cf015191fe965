//! The real thing: `StatsD` datagrams over UDP or a Unix socket, sent by the `cadence` client.

use super::receiver::Receiver;
use super::wire;
use super::{Sink, SinkError};
use crate::metrics_buffer::{Family, Ids};
use cadence::prelude::*;
use cadence::{Metric, MetricBuilder, MetricError, StatsdClient, UdpMetricSink, UnixMetricSink};
use racehunt_core::id::Id;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::sync::Arc;

/// A `StatsD` client that sends each total at once, in a datagram of its own.
#[derive(Debug)]
pub struct Statsd {
    client: StatsdClient,
}

impl Statsd {
    /// Sends to `server` over UDP.
    ///
    /// # Errors
    /// When no socket is to be had.
    pub fn udp(server: SocketAddr) -> io::Result<Self> {
        let socket = UdpSocket::bind(("127.0.0.1", 0))?;
        let sink = UdpMetricSink::from(server, socket).map_err(io::Error::other)?;
        Ok(Self { client: StatsdClient::from_sink(wire::PREFIX, sink) })
    }

    /// Sends to the Unix socket at `server`.
    ///
    /// # Errors
    /// When no socket is to be had.
    pub fn unix(server: &Path) -> io::Result<Self> {
        let sink = UnixMetricSink::from(server, UnixDatagram::unbound()?);
        Ok(Self { client: StatsdClient::from_sink(wire::PREFIX, sink) })
    }

    fn send(&self, family: Family, metric: &str, value: u64, tags: &[(&str, &str)]) -> Result<(), SinkError> {
        match family {
            Family::Counter => emit(self.client.count_with_tags(metric, value), tags),
            Family::Timer => emit(self.client.time_with_tags(metric, value), tags),
        }
        .map_err(|error| SinkError::new(metric, &error))
    }
}

fn emit<'a, T: Metric + From<String>>(
    metric: MetricBuilder<'a, 'a, T>,
    tags: &[(&'a str, &'a str)],
) -> Result<(), MetricError> {
    tags.iter().fold(metric, |metric, (key, value)| metric.with_tag(key, value)).try_send().map(drop)
}

impl Sink<u64> for Statsd {
    fn increment(&self, metric: &str, value: &u64) -> Result<(), SinkError> {
        self.send(Family::Counter, metric, *value, &[])
    }

    fn timing(&self, metric: &str, value: &u64) -> Result<(), SinkError> {
        self.send(Family::Timer, metric, *value, &[])
    }
}

/// Sends totals of one execution with their ids in tags, to a receiver of the harness.
///
/// A total whose ids do not fit into one datagram is sent in several. The first that cannot be sent refuses the total;
/// after that there is no way back, so a later one is put down as dropped on the way and shows as a violation.
#[derive(Debug)]
pub struct IdStatsd {
    client: Arc<Statsd>,
    receiver: Arc<Receiver>,
    run: u64,
}

impl IdStatsd {
    /// A sink for one execution.
    #[must_use]
    pub fn new(client: Arc<Statsd>, receiver: Arc<Receiver>) -> Self {
        let run = receiver.open_run();
        Self { client, receiver, run }
    }

    /// Number of the execution at the receiver.
    #[must_use]
    pub fn run(&self) -> u64 {
        self.run
    }

    fn hand_over(&self, family: Family, metric: &str, value: &Ids) -> Result<(), SinkError> {
        for (number, ids) in value.0.chunks(wire::IDS_A_DATAGRAM).enumerate() {
            let datagram = self.receiver.announce(self.run, family, metric, ids);
            match self.send(family, metric, ids, datagram) {
                Ok(()) => self.receiver.sent(),
                Err(refused) if number == 0 => {
                    self.receiver.withdraw(self.run, datagram);
                    return Err(refused);
                }
                Err(_) => {}
            }
        }
        Ok(())
    }

    fn send(&self, family: Family, metric: &str, ids: &[Id], datagram: u64) -> Result<(), SinkError> {
        let tags = [
            (wire::RUN, self.run.to_string()),
            (wire::DATAGRAM, datagram.to_string()),
            (wire::IDS, wire::format_ids(ids)),
        ];
        let tags = [0, 1, 2].map(|i: usize| (tags[i].0, tags[i].1.as_str()));
        self.client.send(family, metric, ids.len() as u64, &tags)
    }
}

impl Drop for IdStatsd {
    fn drop(&mut self) {
        self.receiver.close_run(self.run);
    }
}

impl Sink<Ids> for IdStatsd {
    fn increment(&self, metric: &str, value: &Ids) -> Result<(), SinkError> {
        self.hand_over(Family::Counter, metric, value)
    }

    fn timing(&self, metric: &str, value: &Ids) -> Result<(), SinkError> {
        self.hand_over(Family::Timer, metric, value)
    }
}
